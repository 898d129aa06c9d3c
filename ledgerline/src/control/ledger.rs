//! What only the operator does to the ledger: posting entries, and a head's file that was lost.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ledgerline_app::Deployment;
use ledgerline_app::money::ledger::{Post, PostError, RenewError};
use serde_json::{Value, json};
use std::sync::Arc;

use super::{failed, refused};
use crate::ledger_file;

pub(super) async fn post_entries(
    State(deployment): State<Arc<Deployment>>,
    body: Bytes,
) -> Response {
    let drafts = match ledger_file::read(&body) {
        Ok(drafts) => drafts,
        Err(error) => return refused(StatusCode::UNPROCESSABLE_ENTITY, &error),
    };
    let keys: Vec<String> = drafts.iter().map(|draft| draft.key.to_string()).collect();
    let post = Post { drafts, ..Post::default() };
    match deployment.money().ledger().post(post).await {
        Ok(posted) => {
            let entries: Vec<Value> = (keys.iter().zip(&posted.seqs))
                .map(|(key, seq)| json!({ "key": key, "seq": seq }))
                .collect();
            Json(json!({
                "posted": posted.new,
                "already_there": entries.len() - posted.new,
                "entries": entries,
                "signed": posted.head.map(|head| head.to_string()),
            }))
            .into_response()
        }
        Err(error) => {
            let status = match &error {
                PostError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
                PostError::Unsound(_) | PostError::CloseMoved { .. } => StatusCode::CONFLICT,
                PostError::HeadNotKept(_) | PostError::Store(_) => {
                    StatusCode::INTERNAL_SERVER_ERROR
                }
            };
            refused(status, &error)
        }
    }
}

pub(super) async fn renew_head_file(State(deployment): State<Arc<Deployment>>) -> Response {
    match deployment.money().ledger().renew_head_file().await {
        Ok(head) => Json(json!({ "signed": head.to_string() })).into_response(),
        Err(error @ RenewError::NotMissing(_)) => refused(StatusCode::CONFLICT, &error),
        Err(error @ RenewError::Store(_)) => failed(&error),
    }
}
