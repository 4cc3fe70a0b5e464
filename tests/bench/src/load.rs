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
    /// Microseconds of the server's processor time for one answer.
    pub cost: f64,
    /// How busy the load generator was, 0 to 1.
    pub load: f64,
}

/// Keeps `lanes` requests before the server `pid` at all times for `time`, from one thread.
///
/// The answers are read in the order of the requests: while one is waited for, the others lie in
/// the server's queue, so that the server is never without work and no time goes into polling.
///
/// # Errors
/// At the first answer that is wrong.
pub fn saturate(
    address: SocketAddr,
    pid: u32,
    lanes: usize,
    time: Duration,
    talk: &mut dyn Talk,
) -> Result<Throughput> {
    let mut open = (0..lanes).map(|_| Connection::open(address)).collect::<Result<Vec<_>>>()?;
    let (began, server_began, load_began) = (Instant::now(), server::cpu(pid)?, server::own_cpu()?);
    let mut asked = vec![false; lanes];
    for (lane, connection) in open.iter_mut().enumerate() {
        if let Some(request) = talk.next(lane) {
            connection.send(request)?;
            asked[lane] = true;
        }
    }
    let mut answered: u64 = 0;
    while began.elapsed() < time && asked.contains(&true) {
        for (lane, connection) in open.iter_mut().enumerate() {
            if !asked[lane] {
                continue;
            }
            talk.check(lane, &connection.receive()?)?;
            answered += 1;
            asked[lane] = false;
            if let Some(request) = talk.next(lane) {
                connection.send(request)?;
                asked[lane] = true;
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let (served, loaded) = (server::cpu(pid)? - server_began, server::own_cpu()? - load_began);
    for (lane, connection) in open.iter_mut().enumerate().filter(|(lane, _)| asked[*lane]) {
        talk.check(lane, &connection.receive()?)?;
    }
    Ok(Throughput {
        rate: answered as f64 / seconds,
        cost: served.as_secs_f64() * 1e6 / answered as f64,
        load: loaded.as_secs_f64() / seconds,
    })
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
