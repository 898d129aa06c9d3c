//! Groups that wait to be written: limited by bytes and by number.

use ledgerline_app::ports::{AppendError, Appended};
use ledgerline_ids::UnixMs;
use ledgerline_records::frame::{PAYLOAD_BYTES_MAX, RecordGroup};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use tokio::sync::oneshot;

pub(crate) type Answer = Result<Appended, AppendError>;

/// A group and who waits for it.
pub(crate) struct Waiting {
    pub group: RecordGroup,
    /// When it was received, where that isn't now.
    pub received_at: Option<UnixMs>,
    pub answer: oneshot::Sender<Answer>,
}

/// What a queue has for its writer.
pub(crate) enum Taken {
    Groups(Vec<Waiting>),
    // Nothing, and the segment that is written is to be followed by another.
    EndOfSegment,
    Nothing,
    // Nothing, and no more will come.
    Over,
}

/// The queue between those who append and the one who writes.
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    bytes_max: usize,
    groups_max: usize,
}

struct State {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    gate: Gate,
    // The last that was written found no room.
    full: bool,
    // The segment that is written is to be followed by another.
    ends_segment: bool,
}

enum Gate {
    Open,
    // What waits is still written.
    Closing,
    // What waits is not written: nobody will know what became of it.
    Abandoned,
    Failed(String),
}

impl Queue {
    pub(crate) fn new(bytes_max: usize, groups_max: usize) -> Self {
        let (waiting, gate) = (VecDeque::new(), Gate::Open);
        let state = State { waiting, bytes: 0, gate, full: false, ends_segment: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), bytes_max, groups_max }
    }

    /// Queues `group`, or answers at once why not.
    pub(crate) fn push(
        &self,
        group: RecordGroup,
        received_at: Option<UnixMs>,
    ) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let mut state = self.lock();
        match self.refusal(&state, &group) {
            Some(refusal) => {
                drop(state);
                // Whoever doesn't wait for the answer doesn't want it.
                let _ = answer.send(Err(refusal));
            }
            None => {
                state.bytes += group.payload().len();
                state.waiting.push_back(Waiting { group, received_at, answer });
                drop(state);
                self.changed.notify_one();
            }
        }
        receiver
    }

    fn refusal(&self, state: &State, group: &RecordGroup) -> Option<AppendError> {
        let bytes = group.payload().len();
        match &state.gate {
            Gate::Failed(why) => Some(AppendError::Failed(why.clone())),
            Gate::Closing | Gate::Abandoned => Some(AppendError::Closing),
            Gate::Open if bytes > PAYLOAD_BYTES_MAX => {
                Some(AppendError::Failed(format!("a group of {bytes} bytes fits into no frame")))
            }
            // A group larger than the whole queue is taken when nothing else waits.
            Gate::Open
                if !state.waiting.is_empty()
                    && (state.bytes + bytes > self.bytes_max
                        || state.waiting.len() >= self.groups_max) =>
            {
                Some(AppendError::Busy)
            }
            Gate::Open => None,
        }
    }

    /// Waits until something is queued, or nothing will be any more.
    pub(crate) fn wait(&self) {
        let mut state = self.lock();
        while state.waiting.is_empty() && !state.ends_segment && matches!(state.gate, Gate::Open) {
            state = self.changed.wait(state).expect(UNBROKEN);
        }
    }

    /// Takes the oldest groups: at least one where there is any, and as many as have
    /// `bytes_max` bytes together, and one receive time.
    pub(crate) fn take(&self, bytes_max: usize) -> Taken {
        let mut state = self.lock();
        if state.waiting.is_empty() {
            let ends_segment = std::mem::take(&mut state.ends_segment);
            return match state.gate {
                Gate::Open if ends_segment => Taken::EndOfSegment,
                Gate::Open => Taken::Nothing,
                Gate::Closing | Gate::Abandoned | Gate::Failed(_) => Taken::Over,
            };
        }
        let mut taken: Vec<Waiting> = Vec::new();
        let mut bytes = 0;
        while let Some(next) = state.waiting.front() {
            bytes += next.group.payload().len();
            if let Some(first) = taken.first()
                && (bytes > bytes_max || first.received_at != next.received_at)
            {
                break;
            }
            taken.extend(state.waiting.pop_front());
        }
        state.bytes -= taken.iter().map(|waiting| waiting.group.payload().len()).sum::<usize>();
        Taken::Groups(taken)
    }

    /// Has the segment that is written followed by another, once nothing waits.
    pub(crate) fn end_segment(&self) {
        self.lock().ends_segment = true;
        self.changed.notify_one();
    }

    /// Takes nothing more; what waits is still written.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        if matches!(state.gate, Gate::Open) {
            state.gate = Gate::Closing;
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Takes nothing more and forgets what waits: its receivers are closed.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        if matches!(state.gate, Gate::Open | Gate::Closing) {
            state.gate = Gate::Abandoned;
        }
        let forgotten = std::mem::take(&mut state.waiting);
        state.bytes = 0;
        drop(state);
        drop(forgotten);
        self.changed.notify_all();
    }

    /// Answers what waits, and all that comes, that the partition failed.
    pub(crate) fn fail(&self, why: &str) {
        let mut state = self.lock();
        state.gate = Gate::Failed(why.to_owned());
        let refused = std::mem::take(&mut state.waiting);
        state.bytes = 0;
        drop(state);
        for waiting in refused {
            let _ = waiting.answer.send(Err(AppendError::Failed(why.to_owned())));
        }
    }

    /// Notes whether what was written last found room.
    pub(crate) fn set_full(&self, full: bool) {
        self.lock().full = full;
    }

    /// Why nothing is taken, as long as nothing changes.
    pub(crate) fn standing_refusal(&self) -> Option<AppendError> {
        let state = self.lock();
        match &state.gate {
            Gate::Failed(why) => Some(AppendError::Failed(why.clone())),
            Gate::Open if state.full => Some(AppendError::Full),
            Gate::Open | Gate::Closing | Gate::Abandoned => None,
        }
    }

    /// Whether the partition failed.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.lock().gate, Gate::Failed(_))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNBROKEN)
    }
}

const UNBROKEN: &str = "no thread panics while it holds the queue";
