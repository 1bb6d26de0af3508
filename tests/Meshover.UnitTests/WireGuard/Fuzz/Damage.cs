namespace Meshover.UnitTests.WireGuard.Fuzz;

/// <summary>What happens to packets on their way, and worse.</summary>
internal static class Damage
{
    /// <summary>A valid packet harmed in one to four ways, or bytes that never were one.</summary>
    public static byte[] Of(Dice dice, byte[] valid)
    {
        if (dice.Chance(10))
            return dice.Bytes(dice.Next(0, 200));
        var packet = valid;
        for (var times = dice.Next(1, 5); times > 0; times--)
            packet = Once(dice, packet);
        return packet;
    }

    private static byte[] Once(Dice dice, byte[] packet) => dice.Next(0, 6) switch
    {
        0 => FlipBit(dice, packet),
        1 => packet[..dice.Next(0, packet.Length + 1)],
        2 => [.. packet, .. dice.Bytes(dice.Next(0, 40))],
        3 => SetField(dice, packet),
        4 => SwapFields(dice, packet),
        _ => FlipBit(dice, packet, within: 64),
    };

    private static byte[] FlipBit(Dice dice, byte[] packet, int within = int.MaxValue)
    {
        if (packet.Length == 0)
            return packet;
        byte[] flipped = [.. packet];
        flipped[dice.Next(0, Math.Min(packet.Length, within))] ^= (byte)(1 << dice.Next(0, 8));
        return flipped;
    }

    // Values at which arithmetic breaks first.
    private static byte[] SetField(Dice dice, byte[] packet)
    {
        if (packet.Length < 2)
            return packet;
        byte[] changed = [.. packet];
        var at = dice.Next(0, Math.Min(packet.Length - 1, 64));
        var value = dice.Pick<ushort>(0, 1, 0x7fff, 0x8000, 0xffff, (ushort)packet.Length, (ushort)(packet.Length + 1));
        (changed[at], changed[at + 1]) = ((byte)(value >> 8), (byte)value);
        return changed;
    }

    private static byte[] SwapFields(Dice dice, byte[] packet)
    {
        if (packet.Length < 8)
            return packet;
        byte[] swapped = [.. packet];
        var (one, other) = (dice.Next(0, packet.Length - 3), dice.Next(0, packet.Length - 3));
        packet.AsSpan(one, 4).CopyTo(swapped.AsSpan(other));
        packet.AsSpan(other, 4).CopyTo(swapped.AsSpan(one));
        return swapped;
    }
}
