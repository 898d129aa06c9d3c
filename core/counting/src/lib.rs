//! Reports in; merged plays, statuses, verdicts and transitions out
