//! Whether a key may be in a set, in sixteen bits a key: a split block Bloom filter, as the Apache
//! Parquet format specifies it ("Parquet Bloom Filter", split block). One key concerns one block of
//! 32 bytes, so that asking a filter on the disk is one small read.

/// The bytes of a block.
pub(super) const BLOCK_BYTES: usize = 32;
/// So many keys share a block: sixteen bits a key, of which about one in a thousand is found that
/// isn't there.
const KEYS_PER_BLOCK: usize = 16;
const WORDS: usize = 8;

// The specification's odd constants, one for each word.
const SALT: [u32; WORDS] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// How many blocks a filter of so many keys has.
pub(super) fn blocks_of(keys: usize) -> u32 {
    u32::try_from(keys.div_ceil(KEYS_PER_BLOCK).max(1)).expect("a stretch has far fewer keys")
}

/// The block that a key concerns.
pub(super) fn block_of(key: u64, blocks: u32) -> u32 {
    u32::try_from(((key >> 32) * u64::from(blocks)) >> 32).expect("below the number of blocks")
}

fn masks(key: u64) -> [u32; WORDS] {
    let low = u32::try_from(key & u64::from(u32::MAX)).expect("32 bits");
    SALT.map(|salt| 1 << (low.wrapping_mul(salt) >> 27))
}

/// A filter of these keys.
pub(super) fn filter_of(keys: &[u64]) -> Vec<u8> {
    let blocks = blocks_of(keys.len());
    let mut words = vec![[0_u32; WORDS]; blocks as usize];
    for key in keys {
        let block = &mut words[block_of(*key, blocks) as usize];
        for (word, mask) in block.iter_mut().zip(masks(*key)) {
            *word |= mask;
        }
    }
    words.into_iter().flatten().flat_map(u32::to_le_bytes).collect()
}

/// Whether the key that concerns this block may be in the filter.
pub(super) fn may_hold(block: &[u8; BLOCK_BYTES], key: u64) -> bool {
    block.chunks_exact(4).zip(masks(key)).all(|(bytes, mask)| {
        let word = u32::from_le_bytes(bytes.try_into().expect("four bytes"));
        word & mask != 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(from: u64, count: usize) -> Vec<u64> {
        (from..).take(count).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect()
    }

    fn holds(filter: &[u8], key: u64, blocks: u32) -> bool {
        let at = block_of(key, blocks) as usize * BLOCK_BYTES;
        may_hold(filter[at..at + BLOCK_BYTES].try_into().expect("a block"), key)
    }

    #[test]
    fn what_is_in_is_found_and_little_else() {
        for count in [1, 15, 16, 17, 4096, 20_000] {
            let inside = keys(1, count);
            let (filter, blocks) = (filter_of(&inside), blocks_of(count));
            assert_eq!(filter.len(), blocks as usize * BLOCK_BYTES);
            assert!(inside.iter().all(|key| holds(&filter, *key, blocks)), "{count} keys");
            let outside = keys(1 << 40, 100_000);
            let wrong = outside.iter().filter(|key| holds(&filter, **key, blocks)).count();
            assert!(wrong < 500, "{wrong} of 100 000 others are found among {count}");
        }
    }
}
