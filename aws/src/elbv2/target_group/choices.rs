//! The words of a target group.

use formwork_engine::Choice;

/// What targets are named by.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetType {
    /// The ids of instances.
    #[choice("instance")]
    Instance,
    /// Addresses.
    #[choice("ip")]
    Ip,
    /// The ARN of one function.
    #[choice("lambda")]
    Lambda,
    /// The ARN of an application load balancer, behind a network load balancer.
    #[choice("alb")]
    LoadBalancer,
}

/// What is spoken on a connection.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP. For application load balancers.
    #[choice("HTTP")]
    Http,
    /// HTTP over TLS. For application load balancers.
    #[choice("HTTPS")]
    Https,
    /// TCP. For network load balancers.
    #[choice("TCP")]
    Tcp,
    /// TLS that the network load balancer ends.
    #[choice("TLS")]
    Tls,
    /// UDP. For network load balancers.
    #[choice("UDP")]
    Udp,
    /// TCP and UDP on one port. For network load balancers.
    #[choice("TCP_UDP")]
    TcpUdp,
    /// QUIC. For network load balancers.
    #[choice("QUIC")]
    Quic,
    /// TCP and QUIC on one port. For network load balancers.
    #[choice("TCP_QUIC")]
    TcpQuic,
    /// Packets in an envelope. For gateway load balancers.
    #[choice("GENEVE")]
    Geneve,
}

/// Which addresses targets have.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpFamily {
    /// IPv4.
    #[choice("ipv4")]
    Ipv4,
    /// IPv6.
    #[choice("ipv6")]
    Ipv6,
}

/// By what a client is recognised that stays with its target.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stickiness {
    /// A cookie of the load balancer's. For application load balancers.
    #[choice("lb_cookie")]
    Cookie,
    /// A cookie of the application's. For application load balancers.
    #[choice("app_cookie")]
    ApplicationCookie,
    /// Its address. For network load balancers.
    #[choice("source_ip")]
    SourceIp,
    /// Its address and the one that it speaks to. For gateway load balancers.
    #[choice("source_ip_dest_ip")]
    SourceAndDestination,
    /// Both and the protocol. For gateway load balancers.
    #[choice("source_ip_dest_ip_proto")]
    SourceDestinationAndProtocol,
}

/// How a target is chosen for a request.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadBalancing {
    /// One after the other.
    #[choice("round_robin")]
    RoundRobin,
    /// The one with the fewest requests under way.
    #[choice("least_outstanding_requests")]
    LeastOutstandingRequests,
    /// By chance, with weights.
    #[choice("weighted_random")]
    WeightedRandom,
}

/// Whether targets of all zones get traffic from each zone.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrossZone {
    /// They do.
    #[choice("true")]
    On,
    /// They do not.
    #[choice("false")]
    Off,
    /// As the load balancer says.
    #[choice("use_load_balancer_configuration")]
    AsLoadBalancer,
}

/// What becomes of flows whose target goes.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failover {
    /// They go to another one.
    #[choice("rebalance")]
    Rebalance,
    /// They end.
    #[choice("no_rebalance")]
    NoRebalance,
}
