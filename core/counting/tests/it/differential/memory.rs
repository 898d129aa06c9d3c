//! What the partition keeps outside itself, in memory.

use super::*;
#[derive(Default)]
pub struct InMemory {
    pub plays: BTreeMap<u64, Vec<u8>>,
    pub next: u64,
    pub runs: Vec<Vec<u8>>,
}

pub type Entries = Vec<(Bucket, IdentityHash, IndexEntry)>;

pub fn sections(run: &[u8]) -> Vec<(Section, &[u8])> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < run.len() {
        let header = SectionHeader::decode(&run[at..], at as u64).unwrap();
        let resident_at = at + SectionHeader::BYTES;
        let resident = &run[resident_at..resident_at + header.resident_bytes() as usize];
        let section = Section::decode(&header, resident, at as u64).unwrap();
        let from = section.entries_at as usize;
        all.push((section, &run[from..from + header.entries_bytes() as usize]));
        at += header.section_bytes() as usize;
    }
    all
}

pub fn entries_of(run: &[u8]) -> Entries {
    let mut all = Vec::new();
    for (section, bytes) in sections(run) {
        for entry in bytes.chunks_exact(ENTRY_BYTES) {
            let (hash, entry) = decode_entry(entry.try_into().unwrap());
            all.push((section.bucket, hash, entry));
        }
    }
    all
}

impl Memory for InMemory {
    type Error = String;

    fn find_sealed(
        &mut self,
        hash: IdentityHash,
        homes: &Homes,
        strays: &BTreeSet<DayNo>,
        clock: UnixMs,
    ) -> Result<Option<IndexEntry>, String> {
        for run in self.runs.iter().rev() {
            for (section, bytes) in sections(run) {
                let stray = matches!(section.bucket, Bucket::Day(day) if strays.contains(&day));
                if !homes.may_be_in(section.bucket, stray)
                    || section.bucket.is_forgotten(clock)
                    || !section.may_contain(hash)
                {
                    continue;
                }
                let range = section.entries_to_look_at(hash);
                let from = range.start as usize * ENTRY_BYTES;
                let bytes = &bytes[from..range.end as usize * ENTRY_BYTES];
                if let Some(entry) = Section::find(bytes, hash) {
                    return Ok(Some(entry));
                }
            }
        }
        Ok(None)
    }

    fn read_play(&self, address: PlayAddress, out: &mut Vec<u8>) -> Result<(), String> {
        out.clear();
        let bytes = self.plays.get(&address.0);
        out.extend_from_slice(bytes.ok_or_else(|| format!("no record at {}", address.0))?);
        Ok(())
    }

    fn undecodable(&self, address: PlayAddress) -> String {
        format!("record {} can't be decoded", address.0)
    }

    fn append_play(&mut self, play: &PlayRecord<'_>) -> PlayAddress {
        let mut bytes = Vec::new();
        play.encode(&mut bytes);
        let at = self.next;
        self.next += 1 + bytes.len() as u64;
        self.plays.insert(at, bytes);
        PlayAddress(at)
    }
}
