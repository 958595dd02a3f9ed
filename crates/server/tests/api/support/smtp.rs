//! A mail server that keeps what it is given.

use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Far longer than a mail takes, so that only a mail that never comes runs into it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where mails arrive.
pub struct MailServer {
    pub url: String,
    mails: mpsc::UnboundedReceiver<ReceivedMail>,
}

/// A mail as it was sent.
#[derive(Debug)]
pub struct ReceivedMail {
    pub to: String,
    pub subject: String,
    pub body: String,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (sender, mails) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, sender.clone()));
            }
        });
        Self { url, mails }
    }

    /// The next mail, in the order of arrival.
    pub async fn next(&mut self) -> ReceivedMail {
        tokio::time::timeout(PATIENCE, self.mails.recv()).await.expect("no mail came").unwrap()
    }
}

impl ReceivedMail {
    /// The one link in the mail.
    pub fn link(&self) -> url::Url {
        let mut links = self.body.lines().filter(|line| line.starts_with("http"));
        let link = links.next().unwrap().parse().unwrap();
        assert_eq!(links.next(), None, "{}", self.body);
        link
    }

    /// The pair that the link carries, as `confirm` and `reset` take it.
    pub fn token_pair(&self) -> serde_json::Value {
        let pairs = self.link().query_pairs().into_owned().collect::<Vec<_>>();
        let find = |name: &str| pairs.iter().find(|(key, _)| key == name).unwrap().1.clone();
        serde_json::json!({"token": find("token"), "tokenId": find("tokenId")})
    }
}

/// As much of RFC 5321 as a client needs to hand over mails.
async fn talk(stream: TcpStream, mails: mpsc::UnboundedSender<ReceivedMail>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 ready\r\n").await?;
    let mut to = String::new();
    while let Some(line) = lines.next_line().await? {
        let command = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let answer = match command.as_str() {
            "EHLO" => "250 at your service",
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                "250 ok"
            }
            "DATA" => {
                writer.write_all(b"354 go ahead\r\n").await?;
                let mut message = Vec::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    message.push(line);
                }
                drop(mails.send(parse(to.clone(), &message)));
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

fn parse(to: String, lines: &[String]) -> ReceivedMail {
    let end_of_head = lines.iter().position(String::is_empty).unwrap_or(lines.len());
    let (head, body) = lines.split_at(end_of_head);
    let subject = head.iter().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default();
    let body = body.join("\n");
    let quoted =
        head.iter().any(|line| line.eq_ignore_ascii_case("Content-Transfer-Encoding: quoted-printable"));
    let body = if quoted { unquote(&body) } else { body };
    ReceivedMail { to, subject: subject.to_owned(), body }
}

/// Decodes quoted-printable (RFC 2045 §6.7), which breaks long lines such as links.
fn unquote(text: &str) -> String {
    let joined = text.replace("=\n", "");
    let mut parts = joined.split('=');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        decoded.push(u8::from_str_radix(code, 16).unwrap());
        decoded.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(decoded).unwrap()
}
