//! Throw-away servers: started on given cores, watched through /proc, stopped by their id.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Result;

/// Core of the server that is measured.
pub const SERVED: &str = "0";
/// Both cores.
pub const BOTH: &str = "0,1";

/// A server that ends with this.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it answers.
    pub address: SocketAddr,
}

impl Server {
    /// Starts `command` on `cores` in `folder` and waits until it prints `listening on ADDRESS`.
    ///
    /// # Errors
    /// When it ends before.
    pub fn start(cores: &str, folder: &Path, command: &[&str]) -> Result<Self> {
        let log = File::options().create(true).append(true).open(folder.join("log"))?;
        let mut child = pinned(cores, folder, command).stdout(Stdio::piped()).stderr(log).spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        for line in lines {
            if let Some(address) = line?.strip_prefix("listening on http://") {
                return Ok(Self { child, address: address.parse()? });
            }
        }
        child.wait()?;
        Err(format!("{command:?} did not come up: {}", fs::read_to_string(folder.join("log"))?).into())
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A figure of /proc/PID/status in MiB: `VmRSS` now, `VmHWM` at the most.
    ///
    /// # Errors
    /// When it is gone.
    pub fn memory(&self, figure: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let value = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'));
        let kib = value.and_then(|value| value.trim().strip_suffix(" kB")).ok_or("no such figure")?;
        Ok(kib.parse::<f64>()? / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // One that has ended already needs no telling.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// `command` in `folder`, bound to `cores`; `taskset` becomes the command, so the id is its own.
#[must_use]
pub fn pinned(cores: &str, folder: &Path, command: &[&str]) -> Command {
    let mut pinned = Command::new("taskset");
    pinned.args(["--cpu-list", cores]).args(command).current_dir(folder).stdin(Stdio::null());
    pinned
}

/// Runs `command` on `cores` in `folder` to its end; answers what it printed.
///
/// # Errors
/// When it fails.
pub fn run(cores: &str, folder: &Path, command: &[&str]) -> Result<String> {
    let output = pinned(cores, folder, command).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Processor time that `pid` has had, with that of its threads that have ended: its own, and the
/// system's for it (proc(5): `utime` and `stime`, in ticks of 10 ms).
///
/// # Errors
/// When it is gone.
pub fn cpu(pid: u32) -> Result<(Duration, Duration)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").ok_or("no such process")?;
    let mut ticks = fields.split(' ').skip(11).map(str::parse::<u64>);
    let mut next = || -> Result<Duration> {
        let ticks = ticks.next().ok_or("no such figure")??;
        Ok(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
    };
    Ok((next()?, next()?))
}

/// Processor time that we have had ourselves, in all.
///
/// # Errors
/// When /proc is not there.
pub fn own_cpu() -> Result<Duration> {
    let (own, system) = cpu(std::process::id())?;
    Ok(own + system)
}
