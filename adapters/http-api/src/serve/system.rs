//! What the system does with files for a connection. Elsewhere than on Linux nothing is asked of it, and bodies carry
//! their bytes.

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::{self, IoSlice, IoSliceMut};
    use std::os::unix::fs::FileExt as _;

    use rustix::io::{Errno, ReadWriteFlags};
    use rustix::net::{SendAncillaryBuffer, SendFlags};
    use tokio::net::TcpStream;

    /// Whether the system sends files.
    pub const SENDS: bool = true;
    /// What is copied at once where it can't.
    const COPIED_BYTES: usize = 64 << 10;
    /// How far apart the places are that are looked at: less than the system reads ahead of who reads in order.
    const LOOKED_AT_EVERY: usize = 128 << 10;

    /// Has the system send up to `most` bytes of a file from a place on: how many the socket took, none at the file's
    /// end.
    ///
    /// # Errors
    /// Those of the system; of kind `WouldBlock` where the socket takes nothing now.
    pub fn send(to: &TcpStream, file: &File, at: u64, most: usize) -> io::Result<usize> {
        let mut place = at;
        match rustix::fs::sendfile(to, file, Some(&mut place), most) {
            // Some file systems don't know it.
            Err(Errno::INVAL | Errno::NOSYS) => copy(to, file, at, most),
            sent => Ok(sent?),
        }
    }

    /// Writes bytes that others follow at once: the system waits for those before it sends what fills no packet,
    /// so that the client is woken once. How many the socket took.
    ///
    /// # Errors
    /// Those of the system; of kind `WouldBlock` where the socket takes nothing now.
    pub fn write_before_more(to: &TcpStream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let flags = SendFlags::MORE | SendFlags::NOSIGNAL;
        Ok(rustix::net::sendmsg(to, slices, &mut SendAncillaryBuffer::default(), flags)?)
    }

    pub(super) fn copy(to: &TcpStream, file: &File, at: u64, most: usize) -> io::Result<usize> {
        let mut bytes = vec![0; most.min(COPIED_BYTES)];
        let read = file.read_at(&mut bytes, at)?;
        if read == 0 { Ok(0) } else { Ok(rustix::io::write(to, &bytes[..read])?) }
    }

    /// Whether some bytes of a file are in memory, as far as some places among them tell. Where that can't be
    /// told they aren't.
    pub fn in_memory(file: &File, at: u64, bytes: u64) -> bool {
        let last = at + bytes.saturating_sub(1);
        (at..last).step_by(LOOKED_AT_EVERY).chain([last]).all(|place| {
            let mut byte = [0];
            let mut into = [IoSliceMut::new(&mut byte)];
            let read = rustix::io::preadv2(file, &mut into, place, ReadWriteFlags::NOWAIT);
            matches!(read, Ok(1))
        })
    }
}

#[cfg(target_os = "linux")]
pub(crate) use linux::{SENDS, in_memory, send, write_before_more};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::fs::File;
    use std::io::{self, IoSlice};

    use tokio::net::TcpStream;

    pub const SENDS: bool = false;

    pub fn send(_: &TcpStream, _: &File, _: u64, _: usize) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn write_before_more(_: &TcpStream, _: &[IoSlice<'_>]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn in_memory(_: &File, _: u64, _: u64) -> bool {
        false
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{SENDS, in_memory, send, write_before_more};

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write as _;

    use tokio::io::AsyncReadExt as _;
    use tokio::net::{TcpListener, TcpStream};

    use super::{in_memory, linux};

    #[tokio::test]
    async fn a_file_that_cannot_be_sent_is_copied() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"0123456789").expect("writes");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (mut client, server) = (client.expect("it listens"), accepted.expect("accepts").0);
        server.writable().await.expect("it can be written");
        assert_eq!(linux::copy(&server, &file, 2, 3).expect("copies"), 3);
        assert_eq!(linux::copy(&server, &file, 8, 100).expect("copies"), 2);
        assert_eq!(linux::copy(&server, &file, 10, 1).expect("it ends there"), 0);
        drop(server);
        let mut got = Vec::new();
        client.read_to_end(&mut got).await.expect("reads");
        assert_eq!(got, b"23489");
    }

    #[test]
    fn what_is_behind_the_end_is_in_no_memory() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&[1; 1_000]).expect("writes");
        assert!(!in_memory(&file, 0, 1_001));
        assert!(!in_memory(&file, 5_000, 1));
    }
}
