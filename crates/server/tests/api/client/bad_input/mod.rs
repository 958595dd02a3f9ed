//! Bad input of every kind gets a JSON error with a status that blames the client, and the server
//! keeps serving.

mod any_bytes;
mod bodies;
mod requests;
mod routes;

use crate::support::{Answer, TestServer, Tokens};

const CLIENT: &str = "/api/client/v2.0";
const CLIENT_APP: &str = "/api/client/v2.0/app/quickstart-abcde";
const EMAIL: &str = "a@example.com";

/// A server with a user, whose login is the proof that the server still serves.
async fn start() -> (TestServer, Tokens) {
    let server = TestServer::start().await;
    let user = server.new_user(EMAIL).await;
    (server, user)
}

/// The form of the error is checked wherever an answer is read.
#[track_caller]
fn assert_blames_the_client(answer: &Answer, what: &str) {
    assert!(answer.status.is_client_error(), "{what}: {answer:?}");
}

async fn assert_serves(server: &TestServer) {
    server.log_in_by_email(EMAIL).await;
}
