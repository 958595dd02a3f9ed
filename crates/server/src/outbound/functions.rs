//! The requests of functions, `context.http` (protocol §9): guarded like all others, but also without TLS,
//! with a method, headers and a body.

use super::{Outbound, Plain};
use async_trait::async_trait;
use keystead_functions::{Host, HttpRequest, HttpResponse};
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, StatusCode};
use std::collections::BTreeMap;
use url::Url;

const MAX_BODY: usize = 4 * 1024 * 1024;
const MAX_REDIRECTS: u32 = 10;

#[async_trait]
impl Host for Outbound {
    async fn http(&self, request: HttpRequest) -> Result<HttpResponse, String> {
        let mut url: Url = request.url.parse().map_err(|_| format!("'{}' is no URL", request.url))?;
        let mut method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| format!("'{}' is no method", request.method))?;
        let mut headers = headers(&request.headers)?;
        let mut body = request.body;
        for _ in 0..=MAX_REDIRECTS {
            self.check(&url, Plain::Allowed)
                .map_err(|why| format!("the request to {url} is refused: {why}"))?;
            let mut builder = self.client.request(method.clone(), url.clone()).headers(headers.clone());
            if let Some(body) = &body {
                builder = builder.body(body.clone());
            }
            let response = builder.send().await.map_err(|error| reason(&url, &error))?;
            let next = location(&url, &response).filter(|_| request.follow_redirects);
            let Some(next) = next else { return answer(&url, response).await };
            if !matches!(response.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT)
                && method != Method::HEAD
            {
                (method, body) = (Method::GET, None);
            }
            if next.origin() != url.origin() {
                // What proves the function to one server is nothing to another.
                headers.remove(AUTHORIZATION);
                headers.remove(COOKIE);
            }
            url = next;
        }
        Err(format!("the request to {} was redirected more than {MAX_REDIRECTS} times", request.url))
    }
}

fn headers(given: &BTreeMap<String, Vec<String>>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, values) in given {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("'{name}' is no header"))?;
        for value in values {
            let value = HeaderValue::from_str(value).map_err(|_| format!("the value of {name} is none"))?;
            headers.append(name.clone(), value);
        }
    }
    Ok(headers)
}

fn location(url: &Url, response: &reqwest::Response) -> Option<Url> {
    let location = response.headers().get(LOCATION).filter(|_| response.status().is_redirection())?;
    url.join(location.to_str().ok()?).ok()
}

async fn answer(url: &Url, mut response: reqwest::Response) -> Result<HttpResponse, String> {
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(name.as_str().to_owned()).or_default().push(value);
    }
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| reason(url, &error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(format!("the answer of {url} is larger than {MAX_BODY} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(HttpResponse { status_code: status.as_u16(), status: status.to_string(), headers, body })
}

/// What the connection said, down to its cause.
fn reason(url: &Url, error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    format!("the request to {url} failed: {cause}")
}
