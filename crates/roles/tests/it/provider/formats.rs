//! Formats, codings and verbs on the wire: gzip and chunks both ways, q-values, HEAD, conditional reads, headers that change nothing.
