//! Tiles against the tree that they abridge.

use super::*;
use crate::store::test_util::{grown, leaf};

#[test]
fn the_frontier_from_tiles_is_the_one_of_all_leaves() {
    let (tiles, _) = grown(70_000);
    let read = |level, index| {
        Ok(tiles.get(&tile_key(level, index)).expect("only complete tiles are read").clone())
    };
    for leaves in [0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 66_000, 70_000] {
        let mut expected = Frontier::default();
        (0..leaves).for_each(|number| expected.append(leaf(number)));
        let found = frontier(leaves, &read, &|number| Ok(leaf(number))).unwrap();
        assert_eq!(found, expected, "{leaves} leaves");
    }
}

#[test]
fn an_edge_read_back_is_the_edge_that_grew() {
    let (tiles, _) = grown(66_000);
    let read = |level, index| Ok(tiles[&tile_key(level, index)].clone());
    for leaves in [0, 1, 255, 256, 600, 65_535, 65_536, 65_900] {
        let mut edge = TileEdge::read(leaves, &read, &|number| Ok(leaf(number))).unwrap();
        let mut written = Vec::new();
        for number in leaves..66_000 {
            edge.append(leaf(number), &mut |tile| written.push(tile));
        }
        for tile in &written {
            assert_eq!(tiles[&tile.key], decode(&tile.value).unwrap());
        }
        let expected = (66_000 >> 8) - (leaves >> 8) + (66_000 >> 16) - (leaves >> 16);
        assert_eq!(written.len() as u64, expected, "{leaves} leaves");
    }
}

#[test]
fn a_tile_is_256_hashes() {
    let tile = Tile::new(0, 0, &vec![leaf(1); TILE]);
    assert_eq!(tile.value.len(), TILE_BYTES);
    assert_eq!(decode(&tile.value).unwrap().len(), TILE);
    assert_eq!(decode(&tile.value[1..]), None);
    assert_eq!(decode(&[]), None);
}
