//! The short queue before the hashing threads.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::workspace::Workspace;

/// A job for a hashing thread.
pub(super) trait Work: Send {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool;
    fn run(self: Box<Self>, workspace: &mut Workspace);
}

/// Jobs in the order in which they came.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    /// How many jobs may run and wait in all.
    places: usize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn Work>>,
    running: usize,
    is_closed: bool,
}

impl State {
    /// The first job that is still wanted, which from now on runs.
    fn take(&mut self) -> Option<Box<dyn Work>> {
        while let Some(job) = self.waiting.pop_front() {
            if job.is_wanted() {
                self.running += 1;
                return Some(job);
            }
        }
        None
    }
}

impl Queue {
    pub(super) fn new(places: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), places }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job; answers whether there was a place for it.
    pub(super) fn push(&self, job: Box<dyn Work>) -> bool {
        let mut state = self.lock();
        if state.waiting.len() + state.running >= self.places {
            state.waiting.retain(|job| job.is_wanted());
        }
        if state.waiting.len() + state.running >= self.places {
            return false;
        }
        state.waiting.push_back(job);
        drop(state);
        self.changed.notify_one();
        true
    }

    /// Waits for the next job that is still wanted, and does `when_idle` before it has to wait;
    /// none when the queue is closed. The job keeps its place until [`Self::finished`].
    pub(super) fn next(&self, when_idle: impl FnOnce()) -> Option<Box<dyn Work>> {
        if let Some(job) = self.lock().take() {
            return Some(job);
        }
        when_idle();
        let mut state = self.lock();
        loop {
            let job = state.take();
            if job.is_some() || state.is_closed {
                return job;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Gives the place of a job back that [`Self::next`] handed out.
    pub(super) fn finished(&self) {
        self.lock().running -= 1;
    }

    /// Drops what waits, and lets every thread end.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.waiting.clear();
        drop(state);
        self.changed.notify_all();
    }

    /// How many jobs wait.
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// How many jobs hold a place: those that run, and those that wait and are wanted.
    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize) {
        let state = self.lock();
        (state.running, state.waiting.iter().filter(|it| it.is_wanted()).count())
    }
}
