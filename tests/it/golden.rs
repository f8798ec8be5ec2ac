//! Values on which two implementations written apart from this one agree.

use std::collections::BTreeSet;

use jenny_chain::chain::{
    Bits, Block, Checkpoints, Frontier, HEADER_BYTES, Hash, Header, Height, Midstate, Spec, Target,
    Timestamp, TipState, Work, consistency_proof, inclusion_path, leaf_hash, merkle_root,
    parse_block, required_bits, root, verify_consistency, verify_inclusion, write_block_json,
};
use ruint::aliases::U256;
use serde_json::Value;

const VECTORS: &str = include_str!("../vectors/chain.json");

/// Values in the file, by the count in `tests/vectors/README.md`.
const VALUES: usize = 506;

/// Counts what was compared.
#[derive(Default)]
struct Golden {
    checked: usize,
}

impl Golden {
    #[track_caller]
    fn check<T: PartialEq + std::fmt::Debug + ?Sized>(&mut self, ours: &T, golden: &T) {
        assert_eq!(ours, golden);
        self.checked += 1;
    }

    #[track_caller]
    fn check_text(&mut self, ours: &str, golden: &Value) {
        self.check(ours, text(golden));
    }

    fn genesis(&mut self, vector: &Value, spec: &Spec) {
        let genesis = spec.genesis();
        let canonical = spec.canonical_text();
        self.check_text(&canonical, &vector["specText"]);
        self.check_text(&hex(canonical.as_bytes()), &vector["specTextUtf8Hex"]);
        assert_eq!(Spec::from_canonical(text(&vector["specText"])).as_ref(), Ok(spec));
        self.block(vector, spec, genesis.block(), genesis.total_work());
    }

    /// Header bytes, hash, work and the eleven keys of the JSON form.
    fn block(&mut self, vector: &Value, spec: &Spec, block: &Block, work: Work) {
        let hash = block.header.hash();
        self.check_text(&hex(&block.header.encode()), &vector["headerHex"]);
        self.check_text(&hash.to_string(), &vector["hash"]);
        self.check_text(&work.to_string(), &vector["work"]);

        let mut json = Vec::new();
        write_block_json(&mut json, spec, &block.header, &hash, &block.records);
        let ours: Value = serde_json::from_slice(&json).unwrap();
        let (ours, golden) = (ours.as_object().unwrap(), vector["block"].as_object().unwrap());
        assert!(ours.keys().eq(golden.keys()));
        for (key, value) in golden {
            self.check(&ours[key], value);
        }
    }

    /// The blocks in order on the chain's genesis, by every rule.
    fn blocks(&mut self, vectors: &Value, spec: &Spec) {
        let mut tip = TipState::genesis(spec);
        for vector in list(vectors) {
            let json = vector["block"].to_string();
            let block = parse_block(json.as_bytes()).unwrap();
            let bytes: [u8; HEADER_BYTES] = unhex(text(&vector["headerHex"])).try_into().unwrap();
            let header = *block.header();
            assert_eq!(Header::decode(&bytes), header);
            let low = u32::try_from(header.nonce & 0xffff_ffff).unwrap();
            assert_eq!(Midstate::of(&header).hash(low), header.hash());

            let now = header.timestamp;
            let valid = tip.check_block(spec, block, now).unwrap();
            let work = valid.total_work().minus(tip.total_work());
            self.block(vector, spec, valid.block(), work);
            tip.extend(&valid);
        }
        let pinned: Checkpoints = [(tip.height(), tip.hash())].into_iter().collect();
        assert_eq!(pinned.check(Height::new(5), tip.hash()), Ok(()));
    }

    fn compact_decoding(&mut self, vectors: &Value) {
        for vector in list(vectors) {
            let decoded = bits(&vector["bits"]).target();
            self.check(&decoded.is_ok(), &vector["valid"].as_bool().unwrap());
            match decoded {
                Ok(target) => {
                    self.check_text(&format!("{:x}", target.get()), &vector["target"]);
                    self.check_text(&Work::of(target).to_string(), &vector["work"]);
                }
                Err(error) => assert_eq!(error.to_string(), text(&vector["reason"])),
            }
        }
    }

    fn compact_encoding(&mut self, vectors: &Value) {
        for vector in list(vectors) {
            let target = U256::from_str_radix(text(&vector["target"]), 16).unwrap();
            self.check(&Target::new(target).unwrap().to_bits(), &bits(&vector["bits"]));
        }
    }

    fn retarget(&mut self, vectors: &Value) {
        for vector in list(vectors) {
            let mut fields: Value = serde_json::from_str(&Spec::jenny().canonical_text()).unwrap();
            for key in
                ["pow_limit_bits", "target_block_time_ms", "retarget_window", "max_future_ms"]
            {
                fields[key] = vector[key].clone();
            }
            let spec = Spec::parse(&fields.to_string()).unwrap();
            let time = |key: &str| Timestamp::from_millis(number(&vector[key]));
            let required = required_bits(
                &spec,
                Height::new(number(&vector["height"])),
                bits(&vector["parentBits"]),
                time("parentTimestamp"),
                time("grandparentTimestamp"),
            );
            self.check(&required, &Ok(bits(&vector["bits"])));
        }
    }

    fn trees(&mut self, vectors: &Value) {
        let records: Vec<_> = list(&vectors["records"]).iter().map(text).collect();
        let leaves: Vec<_> = records.iter().map(|record| leaf_hash(record.as_bytes())).collect();
        self.all(&leaves, &vectors["leaves"]);

        let roots: Vec<_> = list(&vectors["roots"]).iter().map(hash).collect();
        assert_eq!(roots.len(), leaves.len() + 1);
        let mut frontier = Frontier::default();
        for (size, golden) in roots.iter().enumerate() {
            self.check(&root(leaves[..size].iter().copied()), golden);
            assert_eq!(frontier.root(), *golden);
            assert_eq!(merkle_root(&records[..size]), *golden);
            leaves.get(size).into_iter().for_each(|leaf| frontier.append(*leaf));
        }

        let pairs = |key: &str, low: &str, high: &str| -> Vec<(usize, usize, Value)> {
            let size = |value: &Value| usize::try_from(number(value)).unwrap();
            list(&vectors[key])
                .iter()
                .map(|vector| (size(&vector[low]), size(&vector[high]), vector.clone()))
                .collect()
        };
        for (index, size, vector) in pairs("inclusion", "index", "size") {
            let path = inclusion_path(&leaves[..size], index).unwrap();
            self.all(&path, &vector["path"]);
            let (leaf, root) = (&leaves[index], &roots[size]);
            assert_eq!(verify_inclusion(leaf, index as u64, size as u64, &path, root), Ok(()));
        }
        for (first, second, vector) in pairs("consistency", "first", "second") {
            let proof = consistency_proof(&leaves[..second], first).unwrap();
            self.all(&proof, &vector["proof"]);
            let (old, new) = (&roots[first], &roots[second]);
            assert_eq!(verify_consistency(first as u64, second as u64, old, new, &proof), Ok(()));
        }
    }

    fn all(&mut self, ours: &[Hash], golden: &Value) {
        assert_eq!(ours.len(), list(golden).len());
        for (ours, golden) in ours.iter().zip(list(golden)) {
            self.check(ours, &hash(golden));
        }
    }

    fn work(&mut self, vectors: &Value) {
        for vector in list(vectors) {
            let target = bits(&vector["bits"]).target().unwrap();
            self.check_text(&Work::of(target).to_string(), &vector["work"]);
        }
    }
}

#[test]
fn every_golden_value_is_ours() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let parts: BTreeSet<_> = vectors.as_object().unwrap().keys().map(String::as_str).collect();
    let known = [
        "blocks",
        "compactDecode",
        "compactEncode",
        "genesis",
        "note",
        "retarget",
        "trees",
        "work",
    ];
    assert!(parts.into_iter().eq(known), "the file has a part that is not checked");

    let mut golden = Golden::default();
    for (name, spec) in [("jenny", Spec::jenny()), ("dev", Spec::dev())] {
        golden.genesis(&vectors["genesis"][name], &spec);
        golden.blocks(&vectors["blocks"][name], &spec);
    }
    golden.compact_decoding(&vectors["compactDecode"]);
    golden.compact_encoding(&vectors["compactEncode"]);
    golden.retarget(&vectors["retarget"]);
    golden.trees(&vectors["trees"]);
    golden.work(&vectors["work"]);

    assert_eq!(golden.checked, counted(&vectors), "some value was not checked");
    assert_eq!(golden.checked, VALUES, "the file is another one");
}

#[test]
fn the_specification_quotes_the_built_in_chains() {
    let page = include_str!("../../docs/chain.md");
    for spec in [Spec::jenny(), Spec::dev()] {
        let genesis = spec.genesis();
        let (merkle, hash) = (genesis.header().merkle_root.to_string(), genesis.hash().to_string());
        for quoted in [spec.canonical_text(), merkle, hash, genesis.total_work().to_string()] {
            assert!(page.contains(&quoted), "docs/chain.md does not hold {quoted}");
        }
    }
}

/// Values of the file by its structure alone: each is a leaf of the JSON, where
/// `data` and a list of records are one, less the inputs and what explains them.
fn counted(vectors: &Value) -> usize {
    const INPUTS: [&str; 18] = [
        "note",
        "compactDecode.bits",
        "compactDecode.reason",
        "compactEncode.target",
        "retarget.pow_limit_bits",
        "retarget.target_block_time_ms",
        "retarget.retarget_window",
        "retarget.max_future_ms",
        "retarget.height",
        "retarget.parentBits",
        "retarget.grandparentTimestamp",
        "retarget.parentTimestamp",
        "trees.records",
        "trees.inclusion.index",
        "trees.inclusion.size",
        "trees.consistency.first",
        "trees.consistency.second",
        "work.bits",
    ];
    fn count(value: &Value, path: &str) -> usize {
        if INPUTS.contains(&path) {
            return 0;
        }
        match value {
            Value::Array(_) if path.ends_with("block.data") => 1,
            Value::Array(items) => items.iter().map(|item| count(item, path)).sum(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, field)| count(field, format!("{path}.{key}").trim_start_matches('.')))
                .sum(),
            _ => 1,
        }
    }
    count(vectors, "")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn hash(value: &Value) -> Hash {
    text(value).parse().unwrap()
}

fn bits(value: &Value) -> Bits {
    text(value).parse().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
}
