"""One driver per instrument: what to ask when, what the answers mean. Synchronous; the runtime lends it a link."""
