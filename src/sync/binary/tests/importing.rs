//! What the writer does not take.

use super::*;

#[test]
fn blocks_that_the_writer_did_not_take_are_fetched_again_though_nobody_names_them_again() {
    for outcome in [ImportOutcome::Unavailable, ImportOutcome::Lost] {
        let chain = Chain::genesis().grow("a", 3);
        let mut bench = Bench::new(&Chain::genesis());
        bench.imports = false;
        bench.handshake(A, &Chain::genesis());
        bench.handshake(B, &Chain::genesis());
        for height in 1..=3 {
            for link in [A, B] {
                let out = bench.says(link, Message::Announce(chain.header(height)));
                bench.serve(&[(A, &chain), (B, &chain)], out);
            }
        }
        let mut out = Vec::new();
        for (download, blocks) in std::mem::take(&mut bench.pending) {
            let last = blocks.last().unwrap();
            let last = BlockId { height: last.header().height, hash: last.hash() };
            out.extend(bench.tell(BinaryInput::Imported { download, last, outcome }));
        }
        bench.imports = true;
        bench.serve(&[(A, &chain), (B, &chain)], out);
        let out = bench.wait(Duration::from_secs(10));
        bench.serve(&[(A, &chain), (B, &chain)], out);
        assert_eq!(bench.tip(), chain.tip().hash(), "{outcome:?}");
    }
}
