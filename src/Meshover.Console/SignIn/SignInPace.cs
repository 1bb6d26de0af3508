using System.Net;
using System.Threading.RateLimiting;

namespace Meshover.Console.SignIn;

/// <summary>How often an address may try to sign in; an IPv6 network of 64 bits is one.</summary>
public sealed class SignInPace : IDisposable
{
    public const int AtOnce = 10;
    public static readonly TimeSpan OneMoreEach = TimeSpan.FromSeconds(6);

    private readonly PartitionedRateLimiter<IPAddress?> _tries = PartitionedRateLimiter.Create<IPAddress?, string>(from =>
        RateLimitPartition.GetTokenBucketLimiter(KeyOf(from), _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = AtOnce,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = OneMoreEach,
            QueueLimit = 0,
            AutoReplenishment = false,
        }));

    public bool MayTry(IPAddress? from)
    {
        using var lease = _tries.AttemptAcquire(from);
        return lease.IsAcquired;
    }

    public void Dispose() => _tries.Dispose();

    private static string KeyOf(IPAddress? address) => address switch
    {
        null => "",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 } => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)),
        _ => address.ToString(),
    };
}
