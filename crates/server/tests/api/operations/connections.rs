//! The limit on open connections.

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
