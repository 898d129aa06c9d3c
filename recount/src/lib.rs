//! The independent recount: plain, slow code that shares nothing with counting
