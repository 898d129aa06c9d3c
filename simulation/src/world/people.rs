//! People who decide and rule, and whoever keeps the catalogue.

use ledgerline_app::plays::PlayRef;
use ledgerline_app::ports::{CatalogueStore, CatalogueTrack};
use ledgerline_records::verdict::{Decision, Ruling};

use super::World;
use crate::players::{BOT_DEVICES, MOVING_TRACKS, STEADY_TRACKS};
use crate::process::Task;

impl World {
    /// Looks whether reports are conserved at this moment, whatever goes on.
    pub(super) fn audit_conservation(&mut self) {
        let complaints = self.complaints.clone();
        self.errand(move |deployment| async move {
            // A store that refuses now has nothing to say.
            let Ok(conservation) = deployment.conservation().await else { return };
            if !conservation.holds {
                complaints
                    .borrow_mut()
                    .push(format!("reports are not conserved: {conservation:?}"));
            }
        });
    }

    /// Decides a play that waits for it, or rules on any.
    pub(super) fn person(&mut self) {
        let choice = self.random.number();
        if self.random.percent(50) {
            let decision = self.random.of(Decision::ALL);
            self.note(format_args!("a person decides: {decision:?}"));
            self.errand(move |deployment| async move {
                // Whatever keeps it from being decided is tried again another time.
                let Ok(page) = deployment.adjudication(10, None).await else { return };
                let waiting = page.items.into_iter().filter_map(|play| {
                    let (user_id, play_id) = (play.user_id?, play.play_id?);
                    Some(PlayRef { source: Some(play.source), user_id, play_id })
                });
                let waiting: Vec<PlayRef> = waiting.collect();
                if let Some(play) = waiting.get(place(choice, waiting.len())) {
                    let _ = deployment.decide(play, decision, "a person", "").await;
                }
            });
        } else {
            let number = place(choice, self.plan.plays.len());
            let ruling = self.random.of(Ruling::ALL);
            self.promises.touched(number);
            let heard = &self.plan.plays[number];
            let play = PlayRef {
                source: Some(self.sources[heard.source].name.to_owned()),
                user_id: heard.user.clone(),
                play_id: heard.play_id.clone(),
            };
            self.note(format_args!("a person rules: {ruling:?} {play:?}"));
            self.errand(move |deployment| async move {
                let _ = deployment.rule(&play, ruling, "a person", "").await;
            });
        }
    }

    /// The catalogue learns of tracks, or devices are listed.
    pub(super) fn catalogue(&mut self) {
        if self.taste.catalogue && self.random.percent(60) {
            let mut tracks = Vec::new();
            for track in MOVING_TRACKS {
                if self.random.percent(50) {
                    let length_ms = self.random.of(&[None, Some(1), Some(20_000), Some(180_000)]);
                    tracks.push(named(track, length_ms));
                }
            }
            self.note(format_args!("{} tracks are imported", tracks.len()));
            self.errand(move |deployment| async move {
                let log = deployment.log().clone();
                let _ = deployment.catalogue().import_tracks(&tracks, &*log).await;
            });
        } else if self.taste.bots {
            let device = self.random.of(&BOT_DEVICES);
            let listed = self.random.percent(60);
            self.note(format_args!("{device} is listed: {listed}"));
            self.errand(move |deployment| async move {
                let log = deployment.log().clone();
                let devices = [device.to_owned()];
                let _ = deployment.catalogue().list_devices(&devices, listed, &*log).await;
            });
        }
    }

    /// The tracks that everyone knows are in the catalogue before anything is reported.
    pub(super) fn import_first(&mut self) {
        let mut tracks = Vec::new();
        for track in STEADY_TRACKS {
            let length_ms = self.random.of(&[None, Some(30_000), Some(200_000)]);
            tracks.push(named(track, length_ms));
        }
        let store = self.machine.store.clone();
        let mut import = Task::new(async move { store.import_tracks(&tracks).await });
        let imported = import.poll().expect("the store answers at once");
        imported.expect("nothing fails yet");
    }
}

fn named(track: &str, duration_ms: Option<u64>) -> CatalogueTrack {
    CatalogueTrack { track_id: track.to_owned(), duration_ms, ..CatalogueTrack::default() }
}

fn place(choice: u64, length: usize) -> usize {
    let length = length.max(1) as u64;
    usize::try_from(choice % length).expect("below a length in memory")
}
