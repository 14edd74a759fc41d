//! The pages for people: one address that shows the whole network, in plain HTML that works without JavaScript.
//!
//! Here is the index: `home` is the first page, `validate` the `$validate` operation that needs no token (VAL-01, VAL-09),
//! `health` asks each part how it is. The pages know the other parts by their addresses only.

mod health;
mod home;
mod times;
mod validate;

use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get, post};
use bytes::Bytes;
use http::header::HOST;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::edge::clock::Clock;
use crate::edge::listen::{self, Door, Limits};
use crate::edge::page::{PageBody, PageRefusal, lasting_file, page, refused_page};
