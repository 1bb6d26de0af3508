namespace Meshover.UnitTests.WireGuard.Fuzz;

/// <summary>What a seed decides: the same throws in every run, on every machine. xorshift64* (Vigna) behind one step of SplitMix64.</summary>
internal sealed class Dice
{
    private ulong _state;

    public Dice(ulong seed)
    {
        var mixed = seed + 0x9e3779b97f4a7c15;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        _state = (mixed ^ (mixed >> 31)) | 1; // a state of zero would stay zero
    }

    public ulong Next64()
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return _state * 0x2545f4914f6cdd1d;
    }

    /// <summary>A number from <paramref name="from"/> on, below <paramref name="to"/>.</summary>
    public int Next(int from, int to) => from + (int)((Next64() >> 32) % (ulong)(to - from));

    public byte NextByte() => (byte)(Next64() >> 56);

    public bool Chance(int percent) => Next(0, 100) < percent;

    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Next(0, choices.Length)];

    public void Fill(Span<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            BitConverter.TryWriteBytes(bytes, Next64());
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (ref var value in bytes)
            value = NextByte();
    }

    public byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        Fill(bytes);
        return bytes;
    }
}
