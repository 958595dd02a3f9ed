//! Open connections: their limit, and that they leave one another alone.

use crate::support::TestServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const REQUEST: &[u8] = b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Connects and asks; whether there was an answer. The connection stays open if there was.
async fn is_answered(server: &TestServer) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
    // A connection that was closed at once may refuse to be written to.
    drop(stream.write_all(REQUEST).await);
    let mut answer = [0; 15];
    let answered = stream.read_exact(&mut answer).await.is_ok() && answer.starts_with(b"HTTP/1.1 200 OK");
    answered.then_some(stream)
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_there_is_room_again_later() {
    let server = TestServer::start_with(|settings| settings.max_connections = 2).await;
    let first = is_answered(&server).await.unwrap();
    let _second = is_answered(&server).await.unwrap();
    assert!(is_answered(&server).await.is_none());
    drop(first);
    // The server learns of the end of a connection in its own time.
    let room = async {
        while is_answered(&server).await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), room).await.unwrap();
}

#[tokio::test]
async fn connections_that_dawdle_hold_up_none_of_the_others() {
    let server = TestServer::start().await;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let address = server.url.strip_prefix("http://").unwrap();
    let mut dawdling = Vec::new();
    // Two for each of the server's threads, all in the middle of a request.
    for _ in 0..2 * threads {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let path = "/api/client/v2.0/app/quickstart-abcde/auth/providers/anon-user/login";
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).await.unwrap();
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"{").await.unwrap();
        dawdling.push(stream);
    }
    for _ in 0..2 * threads {
        assert!(is_answered(&server).await.is_some());
    }
    for stream in &mut dawdling {
        stream.write_all(b"}").await.unwrap();
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
    }
}
