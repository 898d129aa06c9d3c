//! Routes, DTOs and authorisation of the HTTP API
