//! The real program: started, asked, killed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::database::OnServer;
use super::patience::until;
use super::{Kind, Settings, Site, clients_file, environment};

/// How long a start may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder, a database and the settings of a program in it.
pub(crate) struct Place {
    folder: TempDir,
    database: Option<OnServer>,
    variables: BTreeMap<String, String>,
}

impl Place {
    /// With a fresh database of this kind.
    pub(crate) async fn on(kind: &Kind, settings: Settings<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("clients.toml"), clients_file()).expect("a file");
        let database = match kind {
            Kind::Sqlite => None,
            Kind::Postgres(server) => Some(OnServer::create(server).await),
        };
        let address = database.as_ref().map_or_else(|| "sqlite://data/postern.db".to_owned(), OnServer::url);
        let variables = environment(&address, "clients.toml", settings);
        Self { folder, database, variables }
    }

    /// A folder without any setting: what somebody has who just unpacked the program.
    pub(crate) fn bare() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, database: None, variables: BTreeMap::new() }
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command.args(arguments).env_clear().envs(&self.variables).current_dir(self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end, beside whatever runs already.
    pub(crate) async fn run(&self, arguments: &[&str], input: &str) -> Said {
        finish(self.command(arguments), input.to_owned()).await
    }

    /// Runs a command as a person at a terminal does, who types `input`.
    pub(crate) async fn run_on_terminal(&self, command: &str, input: &str) -> Said {
        let mut terminal = Command::new("/usr/bin/script");
        let line = format!("{} {command}", env!("CARGO_BIN_EXE_postern"));
        terminal.args(["-q", "-e", "-c", &line, "/dev/null"]).env_clear().envs(&self.variables);
        terminal.current_dir(self.folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        finish(terminal, input.to_owned()).await
    }

    /// Starts the server and waits until it answers.
    pub(crate) async fn serve(&self) -> Program {
        self.start(&[]).await
    }

    /// As [`Self::serve`], by these arguments.
    pub(crate) async fn start(&self, arguments: &[&str]) -> Program {
        let mut child = self.command(arguments).spawn().expect("the program starts");
        let log = Arc::<Mutex<String>>::default();
        collect(child.stderr.take().expect("its log"), Arc::clone(&log));
        let (said, heard) = mpsc::channel();
        let output = child.stdout.take().expect("its output");
        let out = Arc::<Mutex<Vec<String>>>::default();
        let lines = Arc::clone(&out);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                lines.lock().expect("lines").push(line.clone());
                let _ = said.send(line);
            }
        });
        let first = tokio::task::spawn_blocking(move || heard.recv_timeout(PATIENCE)).await.expect("it was waited for");
        let line = first.unwrap_or_else(|_| panic!("it did not start: {}", log.lock().expect("a log")));
        let listed =
            || serde_json::from_str::<serde_json::Value>(&line).ok()?["listening"][0].as_str().map(str::to_owned);
        let address = line.strip_prefix("listening on ").map(str::to_owned).or_else(listed);
        let address = address.unwrap_or_else(|| panic!("no line that scripts wait for: {line}"));
        let path = self.variables.get("POSTERN_URL").and_then(|url| url::Url::parse(url).ok());
        let path = path.map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
        Program { child, log, out, site: Site::at(format!("{address}{path}")) }
    }

    /// All that whoever copies the database holds: its files, or every value of every row.
    pub(crate) async fn dump(&self) -> Vec<u8> {
        if let Some(database) = &self.database {
            return database.dump().await.into_bytes();
        }
        let files = std::fs::read_dir(self.path("data")).expect("a folder");
        files.flat_map(|file| std::fs::read(file.expect("an entry").path()).expect("a file")).collect()
    }

    /// Removes the database.
    pub(crate) async fn remove(self) {
        if let Some(database) = self.database {
            database.remove().await;
        }
    }
}

/// A running server.
pub(crate) struct Program {
    child: Child,
    log: Arc<Mutex<String>>,
    out: Arc<Mutex<Vec<String>>>,
    pub(crate) site: Site,
}

impl Program {
    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("a log").clone()
    }

    /// The lines that it has written to standard output so far.
    pub(crate) fn out(&self) -> Vec<String> {
        self.out.lock().expect("lines").clone()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is ours to kill");
        self.child.wait().expect("it is gone");
    }

    /// Asks it to end, as an operator does.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Asks it to read its files again.
    pub(crate) fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    fn signal(&self, signal: Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("it is ours to tell");
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) -> (ExitStatus, String) {
        let waited = tokio::task::spawn_blocking(move || {
            let status = self.child.wait().expect("it ends");
            // Whoever collects the log lets go of it when all of it is read.
            while Arc::strong_count(&self.log) > 1 {
                std::thread::yield_now();
            }
            (status, self.log())
        });
        waited.await.expect("it was waited for")
    }

    /// Waits until it has logged `words`, which may come a moment after what it did; answers the log.
    pub(crate) async fn logged(&self, words: &str) -> String {
        until(PATIENCE, words, async || self.log().contains(words)).await;
        self.log()
    }
}

impl Deref for Program {
    type Target = Site;
    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Only this very process; one that has ended already cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

async fn finish(mut command: Command, input: String) -> Said {
    let running = move || {
        let mut child = command.spawn().expect("the program starts");
        // A command that reads nothing may be gone before it is written to.
        let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
        Said::from(child.wait_with_output().expect("it ends"))
    };
    tokio::task::spawn_blocking(running).await.expect("it was waited for")
}

fn collect(mut from: impl Read + Send + 'static, into: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut part) {
            into.lock().expect("a log").push_str(&String::from_utf8_lossy(&part[..length]));
        }
    });
}
