using System.Net;
using System.Threading.RateLimiting;

namespace Meshover.Console.SignIn;

/// <summary>How often an address may do something: so often at once, and once more each so long. An IPv6 network of 64 bits is one address.</summary>
public abstract class AddressPace(int atOnce, TimeSpan oneMoreEach) : IDisposable
{
    private readonly PartitionedRateLimiter<IPAddress?> _tries = PartitionedRateLimiter.Create<IPAddress?, string>(from =>
        RateLimitPartition.GetTokenBucketLimiter(KeyOf(from), _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = atOnce,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = oneMoreEach,
            QueueLimit = 0,
            AutoReplenishment = false,
        }));

    /// <summary>It may now, and that counts.</summary>
    public bool MayTry(IPAddress? from)
    {
        using var lease = _tries.AttemptAcquire(from);
        return lease.IsAcquired;
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => _tries.Dispose();

    private static string KeyOf(IPAddress? address) => address switch
    {
        null => "",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 } => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)),
        _ => address.ToString(),
    };
}
