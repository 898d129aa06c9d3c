//! A connection that is never waited for without a limit, and that knows whether it is still good.
//!
//! The server's own limits end what takes long while it works. They end nothing when it is stopped or
//! cut off: so here, too, nothing is waited for longer than `answer_max`.

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx::error::Error;
use sqlx::postgres::{
    PgConnectOptions, PgConnection, PgDatabaseError, PgQueryResult, PgRow, PgSeverity, PgStatement,
    PgTypeInfo,
};
use sqlx::{
    ConnectOptions as _, Connection as _, Describe, Either, Execute, Executor, Postgres, SqlStr,
};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// A connection, and how it stands with the server.
#[derive(Debug)]
pub(crate) struct Connection {
    inner: PgConnection,
    answer_max: Duration,
    standing: Standing,
    in_transaction: bool,
}

/// How a connection stands with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Nothing is asked that isn't answered.
    Ready,
    /// Something is asked. Where nobody waits for the answer any more, it stays like this.
    Asking,
    /// The connection failed, or the server was silent for too long.
    Broken,
}

impl Standing {
    fn after<T>(result: &Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Ready,
            Err(error) if is_refusal(error) => Self::Ready,
            Err(_) => Self::Broken,
        }
    }
}

/// Whether the server refused a statement and listens to the next one.
fn is_refusal(error: &Error) -> bool {
    match error {
        Error::Database(error) => {
            let error = error.try_downcast_ref::<PgDatabaseError>();
            error.is_some_and(|it| !matches!(it.severity(), PgSeverity::Fatal | PgSeverity::Panic))
        }
        Error::RowNotFound
        | Error::TypeNotFound { .. }
        | Error::ColumnIndexOutOfBounds { .. }
        | Error::ColumnNotFound(_)
        | Error::ColumnDecode { .. } => true,
        _ => false,
    }
}

fn silent(answer_max: Duration) -> Error {
    let silence = format!("nothing came from the server for {} s", answer_max.as_secs_f32());
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, silence))
}

impl Connection {
    /// Connects, waiting at most `connect_max`.
    pub(crate) async fn open(
        options: &PgConnectOptions,
        connect_max: Duration,
        answer_max: Duration,
    ) -> Result<Self, Error> {
        let inner = match timeout(connect_max, options.connect()).await {
            Ok(connected) => connected?,
            Err(_) => return Err(silent(connect_max)),
        };
        Ok(Self { inner, answer_max, standing: Standing::Ready, in_transaction: false })
    }

    /// Whether another call may use it: all is answered, and no transaction is open.
    pub(crate) fn is_clean(&self) -> bool {
        self.standing == Standing::Ready && !self.in_transaction
    }

    /// Has it thrown away after this call.
    pub(crate) fn spoil(&mut self) {
        self.standing = Standing::Broken;
    }

    /// Whether the server can be told anything at all.
    pub(crate) fn is_ready(&self) -> bool {
        self.standing == Standing::Ready
    }

    /// Waits longer than before, for what is known to take long.
    pub(crate) fn be_patient(&mut self, answer_max: Duration) {
        self.answer_max = answer_max;
    }

    /// Finds out whether the server is still there.
    pub(crate) async fn ping(&mut self) -> Result<(), Error> {
        self.standing = Standing::Asking;
        let answer_max = self.answer_max;
        let answered = match timeout(answer_max, self.inner.ping()).await {
            Ok(answered) => answered,
            Err(_) => Err(silent(answer_max)),
        };
        self.standing = Standing::after(&answered);
        answered
    }

    /// Sends statements without values, the first of which begins a transaction.
    pub(crate) async fn begin(&mut self, statements: &str) -> Result<(), Error> {
        self.in_transaction = true;
        self.run(statements).await
    }

    /// Ends the transaction, with `COMMIT` or `ROLLBACK`.
    pub(crate) async fn end(&mut self, statement: &str) -> Result<(), Error> {
        self.run(statement).await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Sends statements without values.
    pub(crate) async fn run(&mut self, statements: &str) -> Result<(), Error> {
        let statements = sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned()));
        self.execute(statements).await.map(drop)
    }

    /// What migrations are run on; they have their own ways of asking.
    pub(crate) fn driver(&mut self) -> &mut PgConnection {
        self.standing = Standing::Broken;
        &mut self.inner
    }

    /// Says goodbye, if the server listens.
    pub(crate) async fn close(self) {
        if self.standing == Standing::Ready {
            // It is gone either way.
            let _ = timeout(Duration::from_secs(1), self.inner.close()).await;
        }
    }
}

/// What the server answers, as long as it does.
struct Answers<'e, T> {
    rows: BoxStream<'e, Result<T, Error>>,
    silence: Pin<Box<Sleep>>,
    answer_max: Duration,
    standing: &'e mut Standing,
}

impl<T> Stream for Answers<'_, T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        match this.rows.as_mut().poll_next(context) {
            Poll::Ready(Some(result)) => {
                if result.is_ok() {
                    this.silence.as_mut().reset(Instant::now() + this.answer_max);
                } else {
                    *this.standing = Standing::after(&result);
                }
                Poll::Ready(Some(result))
            }
            Poll::Ready(None) => {
                if *this.standing == Standing::Asking {
                    *this.standing = Standing::Ready;
                }
                Poll::Ready(None)
            }
            Poll::Pending => match this.silence.as_mut().poll(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(()) => {
                    *this.standing = Standing::Broken;
                    Poll::Ready(Some(Err(silent(this.answer_max))))
                }
            },
        }
    }
}

impl<'c> Executor<'c> for &'c mut Connection {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let Connection { inner, answer_max, standing, .. } = self;
        *standing = Standing::Asking;
        let silence = Box::pin(sleep(*answer_max));
        let rows = inner.fetch_many(query);
        Box::pin(Answers { rows, silence, answer_max: *answer_max, standing })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let mut answers = self.fetch_many(query);
        Box::pin(async move {
            let mut found = None;
            // To its end: only then is everything answered.
            while let Some(answer) = poll_fn(|context| answers.as_mut().poll_next(context)).await {
                if let (Either::Right(row), None) = (answer?, &found) {
                    found = Some(row);
                }
            }
            Ok(found)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            self.standing = Standing::Asking;
            let prepared = pin!(self.inner.prepare_with(sql, parameters));
            let prepared = match timeout(self.answer_max, prepared).await {
                Ok(prepared) => prepared,
                Err(_) => Err(silent(self.answer_max)),
            };
            self.standing = Standing::after(&prepared);
            prepared
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        self.inner.describe(sql)
    }
}
