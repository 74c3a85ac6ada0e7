//! nginx, as a load balancer before several collectors and as a proxy that serves one below a path, with the configurations
//! that `docs/scale.md` and `docs/ui.md` describe.

use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::harness::{Collector, eventually};
use crate::servers::free_port;

/// An nginx before collectors; it ends with the test.
pub(crate) struct Nginx {
    folder: TempDir,
    address: SocketAddr,
    process: Child,
}

impl Nginx {
    pub(super) fn before(collectors: &[Collector]) -> Self {
        let servers: String = collectors
            .iter()
            .map(|collector| {
                let address = collector.address();
                format!("server {address} max_fails=1 fail_timeout=1s;\n")
            })
            .collect();
        let config = include_str!("../../../examples/nginx.conf")
            .replace(
                "        server 127.0.0.1:8081 max_fails=1 fail_timeout=1s;\n",
                &servers,
            )
            .replace(
                "        server 127.0.0.1:8082 max_fails=1 fail_timeout=1s;\n",
                "",
            )
            .replace(
                "        server 127.0.0.1:8083 max_fails=1 fail_timeout=1s;\n",
                "",
            );
        Self::start(&config)
    }

    /// One that serves the collector below `/playback/`.
    pub(crate) fn below_a_path(collector: &Collector) -> Self {
        let config = include_str!("../../../examples/nginx-below-a-path.conf").replace(
            "http://127.0.0.1:8081/",
            &format!("http://{}/", collector.address()),
        );
        Self::start(&config)
    }

    fn start(config: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let config = config.replace("listen 8080;", &format!("listen {address};"));
        assert!(
            !config.contains("808"),
            "the example is the one that is tested: {config}"
        );
        std::fs::write(folder.path().join("nginx.conf"), config).unwrap();
        let process = Command::new("nginx")
            .args([
                "-g",
                "daemon off; pid nginx.pid; error_log error.log;",
                "-c",
                "nginx.conf",
                "-p",
            ])
            .arg(folder.path())
            .env("PATH", "/usr/sbin:/usr/bin:/bin")
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx is installed");
        let nginx = Self {
            folder,
            address,
            process,
        };
        eventually("nginx to listen", || TcpStream::connect(address).ok());
        nginx
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end with it only where it is asked.
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("error.log"));
            eprintln!("nginx: {}", log.unwrap_or_default());
        }
    }
}
