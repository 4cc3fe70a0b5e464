//! A few threads that hash, each with memory of its own, behind a short queue.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

use super::queue::{Queue, Work};
use super::workspace::Workspace;
use crate::error::{Error, Result};

/// When a caller that found the queue full may come back: a full queue of the default length is
/// done in about a second.
const BUSY: Duration = Duration::from_secs(1);

/// How much the pool has done and has before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Hashes begun since the start, those for unknown people among them.
    pub begun: u64,
    /// Jobs that wait now.
    pub waiting: usize,
    /// Jobs refused since the start, because the queue was full.
    pub refused: u64,
}

/// The threads. They end when this is dropped, after the hash that each is at.
pub(super) struct Pool {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
    begun: Arc<AtomicU64>,
    refused: AtomicU64,
}

impl Pool {
    /// Starts `threads` threads, before which up to `waiting` jobs may wait; each keeps `blocks`
    /// KiB of memory once it has hashed.
    pub(super) fn start(threads: usize, waiting: usize, blocks: usize) -> io::Result<Self> {
        let threads = threads.max(1);
        let queue = Arc::new(Queue::new(threads.saturating_add(waiting)));
        let mut pool = Self { queue, threads: Vec::new(), begun: Arc::default(), refused: AtomicU64::new(0) };
        for number in 0..threads {
            let queue = Arc::clone(&pool.queue);
            let workspace = Workspace::new(blocks, Arc::clone(&pool.begun));
            let thread = Builder::new().name(format!("hash-{number}")).spawn(move || work(&queue, workspace))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Runs `job` on one of the threads; a caller that goes away before its turn takes it along.
    ///
    /// # Errors
    /// At once when the queue is full; when the job panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Workspace) -> T + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        if !self.queue.push(Box::new(Job { work: job, reply })) {
            self.refused.fetch_add(1, Relaxed);
            return Err(Error::busy(BUSY));
        }
        answer.await.map_err(|_| Error::internal("a job of the hashing threads panicked"))
    }

    pub(super) fn counts(&self) -> Counts {
        Counts { begun: self.begun.load(Relaxed), waiting: self.queue.waiting(), refused: self.refused.load(Relaxed) }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            // A thread cannot have panicked: its jobs are caught.
            let _ = thread.join();
        }
    }
}

fn work(queue: &Queue, mut workspace: Workspace) {
    // Where one hash follows another, the next overwrites what the last one left.
    while let Some(job) = queue.next(|| workspace.wipe()) {
        if catch_unwind(AssertUnwindSafe(|| job.run(&mut workspace))).is_err() {
            tracing::error!("a job of the hashing threads panicked");
        }
        queue.finished();
    }
}

struct Job<F, T> {
    work: F,
    reply: oneshot::Sender<T>,
}

impl<T: Send, F: FnOnce(&mut Workspace) -> T + Send> Work for Job<F, T> {
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(self: Box<Self>, workspace: &mut Workspace) {
        let answer = (self.work)(workspace);
        // Nobody is harmed when the caller has gone away meanwhile.
        let _ = self.reply.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::error::ErrorKind;

    /// Occupies a thread until the sender is dropped.
    async fn occupy(pool: &Arc<Pool>) -> mpsc::Sender<()> {
        let (hold, held) = mpsc::channel::<()>();
        let (begin, begun) = oneshot::channel();
        let pool = Arc::clone(pool);
        tokio::spawn(async move {
            pool.run(move |_| {
                let _ = begin.send(());
                held.recv().is_ok()
            })
            .await
        });
        begun.await.unwrap();
        hold
    }

    async fn until_waiting(pool: &Pool, waiting: usize) {
        while pool.counts().waiting != waiting {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn sec_153_with_the_queue_full_the_next_is_refused_at_once() {
        let pool = Arc::new(Pool::start(2, 3, 8).unwrap());
        let held = [occupy(&pool).await, occupy(&pool).await];
        let waiting: Vec<_> = (0..3)
            .map(|number| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move { pool.run(move |_| number).await.unwrap() })
            })
            .collect();
        until_waiting(&pool, 3).await;
        for _ in 0..200 {
            let refused = pool.run(|_| ()).await.unwrap_err();
            assert_eq!((refused.kind, refused.retry_after), (ErrorKind::Unavailable, Some(BUSY)));
        }
        assert_eq!(pool.counts(), Counts { begun: 0, waiting: 3, refused: 200 });
        drop(held);
        for (number, job) in waiting.into_iter().enumerate() {
            assert_eq!(job.await.unwrap(), number);
        }
        assert_eq!(pool.run(|_| "again").await.unwrap(), "again");
    }

    #[tokio::test]
    async fn a_caller_that_went_away_gives_its_place_back() {
        let pool = Arc::new(Pool::start(1, 1, 8).unwrap());
        let held = occupy(&pool).await;
        let (ran, run) = mpsc::channel();
        let other = Arc::clone(&pool);
        let gone = tokio::spawn(async move { other.run(move |_| ran.send(())).await });
        until_waiting(&pool, 1).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        let other = Arc::clone(&pool);
        let stays = tokio::spawn(async move { other.run(|_| "mine").await });
        while pool.queue.held() != (1, 1) {
            tokio::task::yield_now().await;
        }
        drop(held);
        assert_eq!(stays.await.unwrap().unwrap(), "mine");
        assert!(run.recv().is_err(), "the job of the one who left must not run");
    }

    #[tokio::test]
    async fn a_panic_ends_one_job_and_dropping_ends_the_threads() {
        let pool = Pool::start(1, 0, 8).unwrap();
        let failed = pool.run(|_| -> () { panic!("as the test wants it") }).await.unwrap_err();
        assert_eq!(failed.kind, ErrorKind::Internal);
        // The thread gives the place back after it has answered.
        while pool.queue.held() != (0, 0) {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(|_| 7).await.unwrap(), 7);
        let queue = Arc::downgrade(&pool.queue);
        drop(pool);
        assert!(queue.upgrade().is_none());
    }
}
