//! Requests that no HTTP client would send, written byte by byte.

use super::{Answer, TestServer};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came back until the server closed the connection.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

/// Sends these bytes on a connection of their own. They should ask for the connection to be closed.
pub async fn exchange(server: &TestServer, request: &[u8]) -> RawAnswer {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that has seen enough answers and closes while we still send, so a failure to send
    // is no failure of the test.
    drop(stream.write_all(request).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    RawAnswer::parse(&String::from_utf8(answer).unwrap())
}

/// A request with this target, sent as it is, and a body.
pub async fn request(
    server: &TestServer,
    method: &str,
    target: &str,
    headers: &str,
    body: &[u8],
) -> RawAnswer {
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\
         {headers}\r\n"
    );
    exchange(server, &[head.as_bytes(), body].concat()).await
}

/// A request whose body is held back until it is finished.
pub struct HeldBack {
    stream: TcpStream,
    body: String,
}

impl HeldBack {
    /// Returns when the server has looked at everything but the body, and asks for that.
    pub async fn begin(server: &TestServer, method: &str, path: &str, token: &str, body: &str) -> Self {
        let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nexpect: 100-continue\r\n\
             authorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).await.unwrap();
        assert!(asked.starts_with(b"HTTP/1.1 100 Continue"));
        Self { stream, body: body.to_owned() }
    }

    /// Sends the body.
    pub async fn finish(mut self) -> RawAnswer {
        self.stream.write_all(self.body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.unwrap();
        RawAnswer::parse(&answer)
    }
}

impl RawAnswer {
    fn parse(answer: &str) -> Self {
        let (head, text) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        });
        Self { status: status.parse().unwrap(), headers: headers.collect(), text: text.to_owned() }
    }

    /// Whether it is an error in the protocol's form that blames the client.
    pub fn blames_the_client(&self) -> bool {
        let is_json = self.headers.get("content-type").is_some_and(|value| value == "application/json");
        let body: serde_json::Value = serde_json::from_str(&self.text).unwrap_or_default();
        self.status.is_client_error() && is_json && body["error"].is_string()
    }

    /// The same, checked for what holds for every answer of a handler.
    pub fn checked(self) -> Answer {
        let body = serde_json::from_str(&self.text).unwrap_or_default();
        let answer = Answer { status: self.status, headers: self.headers, body, text: self.text };
        answer.check_form();
        answer
    }
}
