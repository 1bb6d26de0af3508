using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Meshover.Mesh.Addressing;

namespace Meshover.Controller.Api;

/// <summary>How often something may happen: so many at once, and so many more each second.</summary>
internal sealed record Rate(int AtOnce, double PerSecond);

/// <summary>
/// How often callers may come, counted by address, an IPv6 network of 64 bits being one. High enough for a site of some thousand nodes behind
/// one address that all come back at once; loopback and the unix socket have no limit.
/// </summary>
internal sealed class CallerLimits(Rate connections, int openConnections, Rate calls, Rate messages) : IDisposable
{
    /// <summary>A node has one connection. A handshake costs about a millisecond of a core.</summary>
    public CallerLimits() : this(new Rate(2_000, 100), 16_384, new Rate(4_000, 200), new Rate(60, 10))
    {
    }

    private readonly PartitionedRateLimiter<IPAddress?> _connections = PartitionedRateLimiter.CreateChained(
        ByAddress(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => Bucket(connections, queue: 0))),
        ByAddress(key => RateLimitPartition.GetConcurrencyLimiter(key, _ => new ConcurrencyLimiterOptions { PermitLimit = openConnections, QueueLimit = 0 })));

    private readonly PartitionedRateLimiter<IPAddress?> _calls =
        ByAddress(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => Bucket(calls, queue: 0)));

    private readonly PartitionedRateLimiter<string> _messages = PartitionedRateLimiter.Create<string, string>(
        connection => RateLimitPartition.GetTokenBucketLimiter(connection, _ => Bucket(messages, queue: int.MaxValue)));

    /// <summary>A lease for a new connection, to be disposed when it ends; one that is not acquired where there are too many.</summary>
    public RateLimitLease Connect(EndPoint? from) => _connections.AttemptAcquire((from as IPEndPoint)?.Address);

    /// <summary>Whether the address may make a call now.</summary>
    public bool MayCall(IPAddress? from)
    {
        using var lease = _calls.AttemptAcquire(from);
        return lease.IsAcquired;
    }

    /// <summary>Returns when another message of the connection may be read: one that talks too much is read more slowly, and loses nothing.</summary>
    public async ValueTask PaceAsync(string connection, CancellationToken cancel)
    {
        using var lease = await _messages.AcquireAsync(connection, 1, cancel);
    }

    public void Dispose()
    {
        _connections.Dispose();
        _calls.Dispose();
        _messages.Dispose();
    }

    /// <summary>The options of a bucket that others fill in turn (<see cref="PartitionedRateLimiter"/> does).</summary>
    public static TokenBucketRateLimiterOptions Bucket(Rate rate, int queue) => new()
    {
        TokenLimit = rate.AtOnce,
        TokensPerPeriod = Math.Max(1, (int)rate.PerSecond),
        ReplenishmentPeriod = rate.PerSecond >= 1 ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(1 / rate.PerSecond),
        QueueLimit = queue,
        AutoReplenishment = false,
    };

    private static PartitionedRateLimiter<IPAddress?> ByAddress(Func<IPAddress, RateLimitPartition<IPAddress>> limited) =>
        PartitionedRateLimiter.Create<IPAddress?, IPAddress>(from => KeyOf(from) is { } key ? limited(key) : RateLimitPartition.GetNoLimiter(IPAddress.None));

    private static IPAddress? KeyOf(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true })
            address = address.MapToIPv4();
        if (address is null || IPAddress.IsLoopback(address))
            return null;
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Prefixes.Containing(new IPAddress(address.GetAddressBytes()), 64).BaseAddress : address;
    }
}
