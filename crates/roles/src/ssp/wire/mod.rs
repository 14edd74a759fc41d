//! HTTP/1.1 on the proxy's two legs, read strictly and passed on as it came. A general HTTP library resolves, merges and
//! re-spells what it reads; a proxy that must not change a byte, and must refuse what two servers could read differently,
//! needs to see all of it (docs/adr/0010; SSP-37, SSP-60 to SSP-73).

mod framing;
mod head;
mod leg;

pub use framing::{Chunk, Framing};
pub use head::{Head, HeadFault, HeadLimits, end_of_head};
pub(super) use leg::{Leg, Pipe, PipeFault, Watch};
