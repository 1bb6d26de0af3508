using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Meshover.WireGuard.Session;

/// <summary>
/// Under load, what one address may ask for, cookies and handshakes with one: a bucket of 5 handshakes that refills with 20 a second, as in Linux. An
/// IPv6 address counts with its /64, which is one customer's.
/// </summary>
internal sealed class HandshakeRateLimiter
{
    private const long MillisecondsPerMessage = 50;
    private const long Capacity = 5 * MillisecondsPerMessage;
    private const int MaxSources = 8_192; // beyond that nobody new is let in, until buckets are full again
    private const int Ipv4Length = 4;

    private readonly Dictionary<(bool IsIpv4, ulong Prefix), Bucket> _buckets = [];
    private readonly List<(bool IsIpv4, ulong Prefix)> _full = [];

    /// <param name="source">Address and port in network order, 6 or 18 bytes.</param>
    /// <param name="now">Milliseconds.</param>
    /// <param name="whenFull">The answer for a new address while too many are counted already.</param>
    public bool TryTake(ReadOnlySpan<byte> source, long now, bool whenFull = false)
    {
        var key = Key(source);
        if (!_buckets.TryGetValue(key, out var bucket))
        {
            if (_buckets.Count >= MaxSources)
                return whenFull;
            bucket = new Bucket(Capacity, now);
        }
        var tokens = bucket.At(now);
        var allowed = tokens >= MillisecondsPerMessage;
        _buckets[key] = new Bucket(allowed ? tokens - MillisecondsPerMessage : tokens, now);
        return allowed;
    }

    /// <summary>Forgets the sources whose buckets are full again.</summary>
    public void Sweep(long now)
    {
        foreach (var (key, bucket) in _buckets)
        {
            if (bucket.At(now) == Capacity)
                _full.Add(key);
        }
        foreach (var key in _full)
            _buckets.Remove(key);
        _full.Clear();
    }

    private static (bool IsIpv4, ulong Prefix) Key(ReadOnlySpan<byte> source) => source.Length == Ipv4Length + sizeof(ushort)
        ? (true, BinaryPrimitives.ReadUInt32BigEndian(source))
        : (false, BinaryPrimitives.ReadUInt64BigEndian(source));

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Bucket(long Tokens, long Since)
    {
        public long At(long now) => Math.Min(Capacity, Tokens + now - Since);
    }
}
