//! How long it takes to import very many users, by the route that the command line uses: from making the
//! lines to the last report. Half of them bring a password hash.

use keystead_server::Server;
use keystead_server::settings::{AdminSettings, Settings};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;
use tempfile::TempDir;

const CHUNK: usize = 2_000;
const PASSWORD: &str = "bench admin password";

/// Prints a row.
pub(crate) fn run(users: usize) -> Result<(), String> {
    let folder = TempDir::new().map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let mut settings = Settings::new(folder.path().join("data"));
    settings.listen = ([127, 0, 0, 1], 0).into();
    settings.admin =
        AdminSettings { email: Some("admin@example.com".into()), password: Some(PASSWORD.to_owned().into()) };
    let server = runtime.block_on(Server::start(settings)).map_err(|error| error.to_string())?;
    let address = server.address;
    let app_id = server.state.apps().iter().next().map(|app| app.ids.app_id).ok_or("no application")?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = runtime.spawn(server.serve(async move { drop(stopped.await) }));
    let began = Instant::now();
    let imported = import(address, &format!("/api/keystead/v1/apps/{app_id}/users/import"), users)?;
    let seconds = began.elapsed().as_secs_f64();
    drop(stop);
    runtime.block_on(serving).map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let size = std::fs::metadata(folder.path().join("data/keystead.sqlite3")).map_or(0, |file| file.len());
    println!("| users imported | seconds | users/s | database, MB |");
    println!("|---|---|---|---|");
    let per_second = f64::from(u32::try_from(imported).unwrap_or(u32::MAX)) / seconds;
    println!("| {imported} | {seconds:.1} | {per_second:.0} | {} |", size / 1_000_000);
    Ok(())
}

fn import(address: SocketAddr, path: &str, users: usize) -> Result<u64, String> {
    let mut client = Client::connect(address)?;
    let login = format!(r#"{{"username":"admin@example.com","password":"{PASSWORD}"}}"#);
    let tokens = client.post("/api/admin/v3.0/auth/providers/local-userpass/login", "", &login)?;
    let token = tokens["access_token"].as_str().ok_or("no administrator")?.to_owned();
    let mut imported = 0;
    for first in (0..users).step_by(CHUNK) {
        let mut body = String::with_capacity(CHUNK * 200);
        for number in first..users.min(first + CHUNK) {
            write_user(&mut body, number).map_err(|error| error.to_string())?;
        }
        let report = client.post(path, &token, &body)?;
        imported += report["imported"].as_u64().ok_or_else(|| report.to_string())?;
    }
    if imported == users as u64 { Ok(imported) } else { Err(format!("only {imported} were imported")) }
}

/// Ids in order of time, as they are exported; addresses in no order.
fn write_user(body: &mut String, number: usize) -> std::fmt::Result {
    let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    write!(body, r#"{{"_id":"5f{number:022x}","email":"{scattered:x}.{number}@example.com""#)?;
    if number.is_multiple_of(2) {
        let salt = "abcdefghijklmnopqrstuu";
        write!(body, r#","password_hash":"$2b$12${salt}{number:.<31}""#)?;
    }
    writeln!(body, r#","data":{{"name":"User {number}"}}}}"#)
}

struct Client {
    connection: BufReader<TcpStream>,
}

impl Client {
    fn connect(address: SocketAddr) -> Result<Self, String> {
        let connection = TcpStream::connect(address).map_err(|error| error.to_string())?;
        connection.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Self { connection: BufReader::new(connection) })
    }

    fn post(&mut self, path: &str, token: &str, body: &str) -> Result<Value, String> {
        let exchange = || -> std::io::Result<Vec<u8>> {
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let connection = self.connection.get_mut();
            connection.write_all(head.as_bytes())?;
            connection.write_all(body.as_bytes())?;
            let mut length = 0;
            loop {
                let mut line = String::new();
                self.connection.read_line(&mut line)?;
                if line.trim().is_empty() {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
            }
            let mut answer = vec![0; length];
            self.connection.read_exact(&mut answer)?;
            Ok(answer)
        };
        let answer = { exchange }().map_err(|error| error.to_string())?;
        serde_json::from_slice(&answer).map_err(|error| error.to_string())
    }
}
