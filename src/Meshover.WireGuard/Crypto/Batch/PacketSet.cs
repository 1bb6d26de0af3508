using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// Up to eight packets of one length under one key, together. The vectors take four packets or eight: fewer are filled up with a dummy.
/// </summary>
internal static unsafe class PacketSet
{
    /// <summary>How many packets a set can have.</summary>
    public const int Most = 8;

    /// <summary>Up to so many packets take half as long.</summary>
    public const int Half = 4;

    /// <summary>Bytes: a set that is not full may not have longer packets.</summary>
    public const int MaxFilled = 2_032;

    /// <summary>Whether this processor, and this build, has the instructions.</summary>
    public static bool IsSupported(BatchCipher cipher) => cipher switch
    {
        BatchCipher.Avx2 => Wide256.IsSupported,
        BatchCipher.Avx512 => Wide256.IsSupported && Wide512.IsSupported,
        _ => false,
    };

    /// <summary>Encrypts packets in place and writes their tags behind them.</summary>
    /// <param name="cipher">Not OpenSSL, and supported.</param>
    /// <param name="key">32 bytes.</param>
    /// <param name="jobs">Of one length.</param>
    /// <param name="count">How many.</param>
    public static void Seal(BatchCipher cipher, byte* key, PacketJob* jobs, int count)
    {
        if (count is not (Half or Most))
            Fill(cipher, key, jobs, count, seals: true);
        else if (cipher == BatchCipher.Avx512 && count == Most)
            PacketLanes<Wide512>.Seal(key, jobs, count);
        else
            PacketLanes<Wide256>.Seal(key, jobs, count);
    }

    /// <summary>
    /// Decrypts packets in place and checks their tags: <see cref="PacketJob.IsAuthentic"/> says for each whether it may be read. Where
    /// the tags were is rubbish afterwards.
    /// </summary>
    /// <inheritdoc cref="Seal"/>
    public static void Open(BatchCipher cipher, byte* key, PacketJob* jobs, int count)
    {
        if (count is not (Half or Most))
            Fill(cipher, key, jobs, count, seals: false);
        else if (cipher == BatchCipher.Avx512 && count == Most)
            PacketLanes<Wide512>.Open(key, jobs, count);
        else
            PacketLanes<Wide256>.Open(key, jobs, count);
    }

    /// <summary>The lanes left over work on memory that nobody reads.</summary>
    [SkipLocalsInit]
    private static void Fill(BatchCipher cipher, byte* key, PacketJob* jobs, int count, bool seals)
    {
        byte* dummy = stackalloc byte[MaxFilled + TransportCipher.TagLength];
        PacketJob* filled = stackalloc PacketJob[Most];
        for (var i = 0; i < Most; i++)
            filled[i] = i < count ? jobs[i] : new PacketJob { Packet = dummy, Length = jobs->Length };
        var whole = count <= Half ? Half : Most;
        if (seals)
            Seal(cipher, key, filled, whole);
        else
            Open(cipher, key, filled, whole);
        CryptographicOperations.ZeroMemory(new Span<byte>(dummy, jobs->Length + TransportCipher.TagLength)); // it has key stream in it
        for (var i = 0; i < count; i++)
            jobs[i].IsAuthentic = filled[i].IsAuthentic;
    }
}
