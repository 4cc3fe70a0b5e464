//! SQLite's one writer: it takes what is queued, up to [`BATCH`] pieces of work, into one
//! transaction, with a savepoint each where there are several, and answers after the commit. One
//! sync to disk thus serves many requests, and no caller ever meets `SQLITE_BUSY`.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqliteTransactionMode, SqlxError, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Executor, connect};
use crate::error::{Error, ErrorKind, Result};

/// How many pieces of work share one commit at the most.
const BATCH: usize = 64;
/// How many pieces of work may wait before the next one is refused.
const QUEUE: usize = 4096;
/// How often another process that holds the file is asked again: every millisecond for 20 seconds.
pub(super) const TRIES: u32 = 20_000;
pub(super) const PAUSE: Duration = Duration::from_millis(1);

/// Tells a piece of work whether the commit that it was part of succeeded.
type Acknowledge = Box<dyn FnOnce(std::result::Result<(), ()>) + Send>;
type Job = Box<dyn for<'c> FnOnce(&'c DatabaseTransaction, bool) -> BoxFuture<'c, (Acknowledge, Frame)> + Send>;

/// Whether a piece of work left the transaction around it as it was.
///
/// SQLite ends a transaction by itself when the disk is full or cannot be read, and the library
/// above it goes on counting: what is "committed" afterwards would only leave a savepoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    Whole,
    /// Its only piece of work has failed: the transaction itself is to be undone.
    Spoilt,
    Broken,
}

/// The way to the writer.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
    stop: CancellationToken,
    task: std::sync::Arc<std::sync::Mutex<Option<JoinHandle<()>>>>,
}

impl Writer {
    /// The writer of `file`, which `connection` is open on.
    pub(super) fn start(connection: DatabaseConnection, file: PathBuf) -> Self {
        let (queue, jobs) = mpsc::channel::<Job>(QUEUE);
        let stop = CancellationToken::new();
        let task = tokio::spawn(work(connection, file, jobs, stop.clone()));
        Self { queue, stop, task: std::sync::Arc::new(std::sync::Mutex::new(Some(task))) }
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c Executor<'c>) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |transaction, is_alone| {
            Box::pin(async move {
                let (outcome, frame) = perform(transaction, is_alone, work).await;
                let acknowledge: Acknowledge = Box::new(move |commit| {
                    let outcome = outcome.and_then(|value| commit.map(|()| value).map_err(|()| not_now()));
                    // Nobody listens any more when the request was given up; the work stands.
                    let _ = answer.send(outcome);
                });
                (acknowledge, frame)
            })
        });
        self.queue.try_send(job).map_err(|_| not_now())?;
        answered.await.map_err(|_| not_now())?
    }

    /// Writes what is queued and ends the task. Whoever still holds the queue is told "not now".
    pub(super) async fn stop(self) {
        let task = self.task.lock().ok().and_then(|mut task| task.take());
        self.stop.cancel();
        if let Some(task) = task {
            // Where another process holds the file for long: what is acknowledged is committed anyway.
            let _ = tokio::time::timeout(Duration::from_secs(5), task).await;
        }
    }
}

fn not_now() -> Error {
    Error::busy(Duration::from_secs(1))
}

/// Takes what is queued until `stop`, and what is queued by then.
async fn work(connection: DatabaseConnection, file: PathBuf, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) {
    let (mut connection, mut batch) = (Some(connection), Vec::with_capacity(BATCH));
    loop {
        tokio::select! {
            biased;
            // Takes no more; what is queued is still written.
            () = stop.cancelled(), if !jobs.is_closed() => jobs.close(),
            taken = jobs.recv_many(&mut batch, BATCH) => match taken {
                0 => break,
                _ => connection = write(connection, &file, &mut batch).await,
            }
        }
    }
    if let Some(connection) = connection {
        close(connection).await;
    }
}

/// Writes the batch, which is empty afterwards; answers the connection if it can go on.
async fn write(
    connection: Option<DatabaseConnection>,
    file: &std::path::Path,
    batch: &mut Vec<Job>,
) -> Option<DatabaseConnection> {
    let opened = match connection {
        Some(connection) => Ok(connection),
        None => connect::writer(file).await,
    };
    let outcome = match opened {
        Ok(connection) => match commit(&connection, batch).await {
            Frame::Whole | Frame::Spoilt => Some(connection),
            Frame::Broken => {
                close(connection).await;
                None
            }
        },
        Err(error) => {
            tracing::error!(?error, "the database takes no writes");
            None
        }
    };
    // Dropping a job drops its answer: its caller is told "not now".
    batch.clear();
    outcome
}

async fn close(connection: DatabaseConnection) {
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the database does not take leave");
    }
}

/// Does the work in a savepoint, which a piece that is alone in its transaction needs not.
async fn perform<T, F>(transaction: &DatabaseTransaction, is_alone: bool, work: F) -> (Result<T>, Frame)
where
    F: for<'c> FnOnce(&'c Executor<'c>) -> BoxFuture<'c, Result<T>> + Send,
{
    let savepoint = match is_alone {
        true => None,
        false => match transaction.begin().await {
            Ok(savepoint) => Some(savepoint),
            Err(error) => return (Err(error.into()), Frame::Broken),
        },
    };
    let executor = Executor::from(savepoint.as_ref().unwrap_or(transaction));
    let outcome = AssertUnwindSafe(work(&executor)).catch_unwind().await;
    drop(executor);
    let outcome = outcome.unwrap_or_else(|_| Err(ErrorKind::Internal.into()));
    let ended = match (savepoint, outcome.is_ok()) {
        (None, true) => return (outcome, Frame::Whole),
        (None, false) => return (outcome, Frame::Spoilt),
        (Some(savepoint), true) => savepoint.commit().await,
        (Some(savepoint), false) => savepoint.rollback().await,
    };
    match ended {
        Ok(()) => (outcome, Frame::Whole),
        Err(error) => (outcome.and(Err(error.into())), Frame::Broken),
    }
}

/// One commit for the whole batch. Once the frame is broken no more of it is tried, and nothing of
/// it is acknowledged.
async fn commit(connection: &DatabaseConnection, batch: &mut Vec<Job>) -> Frame {
    let transaction = match begin(connection).await {
        Ok(transaction) => transaction,
        Err(error) => {
            tracing::error!(%error, "the database takes no writes");
            return if is_busy(&error) { Frame::Whole } else { Frame::Broken };
        }
    };
    let is_alone = batch.len() == 1;
    let (mut waiting, mut frame) = (Vec::with_capacity(batch.len()), Frame::Whole);
    for job in batch.drain(..) {
        let (acknowledge, left) = job(&transaction, is_alone).await;
        waiting.push(acknowledge);
        frame = left;
        if frame == Frame::Broken {
            tracing::error!("the database ended a transaction by itself");
            break;
        }
    }
    let ended = match frame {
        Frame::Whole => transaction.commit().await,
        Frame::Spoilt => transaction.rollback().await,
        Frame::Broken => Ok(()),
    };
    if let Err(error) = ended {
        tracing::error!(%error, "a transaction could not be ended");
        frame = Frame::Broken;
    }
    let committed = if frame == Frame::Broken { Err(()) } else { Ok(()) };
    for acknowledge in waiting {
        acknowledge(committed);
    }
    frame
}

/// Begins with the write lock taken, asking again while another process holds it.
async fn begin(connection: &DatabaseConnection) -> std::result::Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    for _ in 1..TRIES {
        match connection.begin_with_options(options).await {
            Err(error) if is_busy(&error) => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
    connection.begin_with_options(options).await
}

/// Whether another process holds the file.
pub(super) fn is_busy(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))
    | DbErr::Conn(RuntimeErr::SqlxError(cause))) = error
    else {
        return false;
    };
    let SqlxError::Database(cause) = &**cause else { return false };
    // SQLITE_BUSY is 5; its extended codes keep it in their lowest byte (sqlite.org/rescode.html).
    cause.code().and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| code & 0xff == 5)
}
