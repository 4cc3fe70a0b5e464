//! Load: as much as a server takes, or so many requests a second.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::http::{Answer, Connection};
use crate::server;

/// What is said on the connections, and what must come back.
pub trait Talk {
    /// The next request of connection `lane`; none: it has nothing more to say.
    fn next(&mut self, lane: usize) -> Option<&[u8]>;

    /// Looks at the answer.
    ///
    /// # Errors
    /// When it is not what it should be.
    fn check(&mut self, lane: usize, answer: &Answer<'_>) -> Result<()>;
}

/// What a server did.
#[derive(Clone, Copy, Debug)]
pub struct Throughput {
    /// Good answers a second.
    pub rate: f64,
    /// Microseconds of the server's processor time for one answer: its own, and the system's for it.
    pub cost: (f64, f64),
    /// How busy the load generator was, 0 to 1.
    pub load: f64,
}

/// How requests are kept before a server.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    /// Connections, each with one request at a time.
    pub lanes: usize,
    /// Answers that are taken at a time. One thread waits for the last of them while the others lie in
    /// its connections: it is then woken once for all, and the server does not pay for waking it each time.
    pub burst: usize,
}

/// Keeps requests before the server `pid` at all times for `time`, from one thread.
///
/// # Errors
/// At the first answer that is wrong.
pub fn saturate(
    address: SocketAddr,
    pid: u32,
    queue: Queue,
    time: Duration,
    talk: &mut dyn Talk,
) -> Result<Throughput> {
    let open = (0..queue.lanes).map(|_| Connection::open(address)).collect::<Result<Vec<_>>>()?;
    let mut lanes: Vec<Lane> = open.into_iter().enumerate().map(Lane::new).collect();
    let (began, server_began, load_began) = (Instant::now(), server::cpu(pid)?, server::own_cpu()?);
    lanes.iter_mut().try_for_each(|lane| lane.ask(talk))?;
    let mut answered: u64 = 0;
    while began.elapsed() < time && lanes.iter().any(|lane| lane.is_asked) {
        for burst in lanes.chunks_mut(queue.burst) {
            // The last that was asked comes first.
            burst.reverse();
            for lane in burst.iter_mut().filter(|lane| lane.is_asked) {
                lane.take(talk)?;
                lane.ask(talk)?;
                answered += 1;
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let (served, loaded) = (server::cpu(pid)?, server::own_cpu()? - load_began);
    lanes.iter_mut().filter(|lane| lane.is_asked).try_for_each(|lane| lane.take(talk))?;
    let each = |time: Duration| time.as_secs_f64() * 1e6 / answered as f64;
    Ok(Throughput {
        rate: answered as f64 / seconds,
        cost: (each(served.0 - server_began.0), each(served.1 - server_began.1)),
        load: loaded.as_secs_f64() / seconds,
    })
}

struct Lane {
    number: usize,
    connection: Connection,
    is_asked: bool,
}

impl Lane {
    fn new((number, connection): (usize, Connection)) -> Self {
        Self { number, connection, is_asked: false }
    }

    fn ask(&mut self, talk: &mut dyn Talk) -> Result<()> {
        if let Some(request) = talk.next(self.number) {
            self.connection.send(request)?;
            self.is_asked = true;
        }
        Ok(())
    }

    fn take(&mut self, talk: &mut dyn Talk) -> Result<()> {
        self.is_asked = false;
        talk.check(self.number, &self.connection.receive()?)
    }
}

/// Sends `rate` requests a second for `time`, each at its due time whatever became of those before,
/// and answers how long after its *due* time each was answered, sorted.
///
/// # Errors
/// At the first answer that is wrong.
pub fn arrivals(
    address: SocketAddr,
    rate: u32,
    time: Duration,
    request: &(dyn Fn(u64) -> Vec<u8> + Sync),
    check: &(dyn Fn(u64, &Answer<'_>) -> Result<()> + Sync),
) -> Result<Vec<Duration>> {
    const THREADS: usize = 32;
    let total = u64::from(rate) * time.as_secs();
    let (next, began) = (AtomicU64::new(0), Instant::now() + Duration::from_millis(20));
    let waits = Mutex::new(Vec::new());
    let one = || -> Result<()> {
        // The system may wake a sleeper 50 µs late to save power; not here.
        rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1))?;
        let mut connection = Connection::open(address)?;
        let mut own = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= total {
                waits.lock().map_err(|_| "a thread panicked")?.append(&mut own);
                return Ok(());
            }
            let due = began + Duration::from_secs_f64(number as f64 / f64::from(rate));
            let request = request(number);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            check(number, &connection.ask(&request)?)?;
            own.push(due.elapsed());
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(one)).collect();
        threads.into_iter().try_for_each(|it| it.join().map_err(|_| "a thread panicked")?)
    })?;
    let mut waits = waits.into_inner().map_err(|_| "a thread panicked")?;
    waits.sort_unstable();
    Ok(waits)
}
