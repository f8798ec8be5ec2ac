//! Any chain comes back as it was written, and no bytes panic the reader.

use proptest::prelude::*;

use super::*;

fn bodies() -> impl Strategy<Value = Vec<Vec<String>>> {
    let record = prop_oneof![
        8 => ".{0,40}",
        1 => (0_usize..60_000).prop_map(|length| "x".repeat(length)),
    ];
    prop::collection::vec(prop::collection::vec(record, 0..5), 0..12)
}

fn marks() -> impl Strategy<Value = Vec<OwnMark>> {
    let hash = any::<[u8; 32]>().prop_map(Hash::new);
    let height = any::<u64>().prop_map(Height::new);
    prop::collection::vec(
        prop_oneof![
            (height.clone(), hash.clone())
                .prop_map(|(height, hash)| OwnMark::Block(BlockId { height, hash })),
            height.prop_map(OwnMark::UpTo),
            hash.prop_map(OwnMark::Record),
        ],
        0..20,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read(
        bodies in bodies(),
        from in 0_usize..12,
        marks in marks(),
        pending in prop::collection::vec(".{0,300}", 0..9),
    ) {
        let bodies: Vec<Vec<&str>> =
            bodies.iter().map(|body| body.iter().map(String::as_str).collect()).collect();
        let bodies: Vec<_> = bodies.iter().map(Vec::as_slice).collect();
        let blocks = chain(&bodies);
        let from = from.min(blocks.len());
        let parent = from.checked_sub(1).map(|below| blocks[below].id());
        let start = Start { parent, ..dev(true) };
        let texts: Vec<_> = pending.iter().map(String::as_str).collect();
        let written = write(&start, &blocks[from..], &marks, &texts);
        let (found, items) = read(&written).unwrap();
        prop_assert_eq!(found, start);
        let blocks =
            blocks[from..].iter().map(|block| Item::Block(block.block().clone().into()));
        let marks = marks.into_iter().map(Item::OwnMark);
        let expected: Vec<_> =
            blocks.chain(marks).chain(pending.into_iter().map(Item::Pending)).collect();
        prop_assert_eq!(items, expected);
    }

    #[test]
    fn contents_of_any_bytes_are_refused_without_a_panic(
        kind in prop::sample::select(vec![Kind::Blocks, Kind::Marks, Kind::Pending]),
        contents in prop::collection::vec(any::<u8>(), 1..400),
    ) {
        let start = dev(true).encode();
        let genesis = Spec::dev().genesis();
        let frames = [(Kind::Start, false, &start[..]), (kind, false, &contents[..])];
        prop_assert!(read(&framed(&frames, 1, genesis.hash())).is_err());
    }
}
