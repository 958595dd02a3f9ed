//! A real mail server: Exim, with a configuration of its own, on a port of this machine. It takes mail
//! for everybody and puts it into a folder.

use super::eventually;
use std::collections::HashMap;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const PROGRAMS: [&str; 2] = ["/usr/sbin/exim4", "/usr/sbin/exim"];

/// Where the mails are. The server itself may be up or down.
pub struct MailServer {
    folder: TempDir,
    port: u16,
    running: Option<Running>,
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Its children, too: each open connection has one, and would live on.
        let command = format!("kill -s KILL -- -{}", self.0.id());
        let _ = Command::new("sh").args(["-c", &command]).status();
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A mail that arrived.
#[derive(Debug)]
pub struct Mail {
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl MailServer {
    /// A server that is down.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        // The mail server works as another user.
        make_open(folder.path());
        for name in ["spool", "mails"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            make_open(&folder.path().join(name));
        }
        let path = folder.path().display();
        let configuration = format!(
            "primary_hostname = localhost\n\
             spool_directory = {path}/spool\n\
             log_file_path = {path}/spool/%slog\n\
             pid_file_path = {path}/spool/exim.pid\n\
             tls_advertise_hosts =\n\
             keep_environment =\n\
             deliver_drop_privilege = true\n\
             acl_smtp_rcpt = take\n\
             begin acl\n\
             take:\n  accept\n\
             begin routers\n\
             everybody:\n  driver = accept\n  transport = folder\n\
             begin transports\n\
             folder:\n  driver = appendfile\n  directory = {path}/mails\n  maildir_format\n  \
             envelope_to_add\n"
        );
        std::fs::write(folder.path().join("exim.conf"), configuration).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder, port, running: None }
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub fn start(&mut self) {
        let program = PROGRAMS.iter().find(|program| Path::new(program).exists());
        let program = program.expect("a mail server is needed: the Debian package exim4-daemon-light");
        let output = std::fs::File::create(self.folder.path().join("output")).unwrap();
        let child = Command::new(program)
            .args(["-bdf", "-oX", &format!("127.0.0.1:{}", self.port), "-C"])
            .arg(self.folder.path().join("exim.conf"))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let mut running = Running(child);
        eventually("the start of the mail server", || {
            let ended = running.0.try_wait().unwrap();
            assert_eq!(ended, None, "Exim does not run (it must be started as root): {}", self.log());
            TcpStream::connect(("127.0.0.1", self.port)).ok()
        });
        self.running = Some(running);
    }

    pub fn stop(&mut self) {
        drop(self.running.take());
        assert!(TcpStream::connect(("127.0.0.1", self.port)).is_err());
    }

    /// Waits until so many mails are there for this address, and returns them, oldest first.
    pub fn wait_for(&self, address: &str, count: usize) -> Vec<Mail> {
        eventually(&format!("mail {count} for {address}"), || {
            let mails = self.mails(address);
            (mails.len() >= count).then_some(mails)
        })
    }

    pub fn mails(&self, address: &str) -> Vec<Mail> {
        let Ok(entries) = std::fs::read_dir(self.folder.path().join("mails/new")) else {
            return Vec::new();
        };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort_by_key(|file| file.metadata().unwrap().modified().unwrap());
        let mails = files.iter().map(|file| Mail::parse(&std::fs::read_to_string(file).unwrap()));
        mails.filter(|mail| mail.headers["envelope-to"] == address).collect()
    }

    fn log(&self) -> String {
        let read = |name| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        format!("{} {}", read("output"), read("spool/mainlog"))
    }
}

impl Mail {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap();
        let head = head.replace("\n ", " ").replace("\n\t", " ");
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no header: {line}"));
            (name.to_lowercase(), value.to_owned())
        };
        let headers: HashMap<_, _> = head.lines().map(header).collect();
        let encoding = headers.get("content-transfer-encoding").map_or("7bit", String::as_str);
        let body = match encoding {
            "quoted-printable" => from_quoted_printable(body),
            "7bit" => body.to_owned(),
            other => panic!("the test cannot read {other}"),
        };
        Self { headers, body }
    }

    /// The link of the mail: what comes before its query, and the two tokens.
    pub fn link(&self) -> Link {
        let mut words = self.body.split_whitespace();
        let link = words.find(|word| word.starts_with("http")).unwrap_or_else(|| panic!("{self:?}"));
        let (page, query) = link.split_once('?').unwrap();
        let parameters: HashMap<_, _> = query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        Link {
            page: page.to_owned(),
            token: parameters["token"].to_owned(),
            token_id: parameters["tokenId"].to_owned(),
        }
    }
}

/// What a person who opens the mail has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub page: String,
    pub token: String,
    pub token_id: String,
}

fn from_quoted_printable(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if let (b'=', [high, low, after @ ..]) = (first, rest) {
            let code = [*high, *low];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&code).unwrap(), 16).unwrap());
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn make_open(folder: &Path) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
}
