using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace Meshover.Controller.Api;

/// <summary>What characters a text may have.</summary>
internal enum TextKind
{
    /// <summary>Printable ASCII: what programs make.</summary>
    Ascii,

    /// <summary>What people write: any script, and nothing that moves a cursor or turns the direction of text.</summary>
    Free,
}

/// <summary>How much a field of the contract may hold.</summary>
/// <param name="Items">Of a list; 1 for a single value.</param>
/// <param name="Length">Of a text in characters, of bytes in bytes; 0 for messages and numbers.</param>
/// <param name="Kind">Of a text.</param>
internal sealed record FieldBound(int Items, int Length, TextKind Kind)
{
    public static readonly FieldBound Nothing = new(0, 0, TextKind.Ascii);

    /// <summary>What is wrong with one value, or null.</summary>
    public string? WhyNot(object value) => value switch
    {
        string text when text.Length > Length => $"at most {Length} characters.",
        string text when !text.EnumerateRunes().All(IsAllowed) => Kind == TextKind.Ascii ? "printable ASCII only." : "printable characters only.",
        ByteString bytes when bytes.Length > Length => $"at most {Length} bytes.",
        _ => null,
    };

    private bool IsAllowed(Rune rune) => Kind == TextKind.Ascii ? rune.Value is >= 0x20 and <= 0x7e : IsJoiner(rune) || IsPrintable(rune);

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    // Persian, Hindi and emoji are written with them.
    private static bool IsJoiner(Rune rune) => rune.Value is 0x200c or 0x200d;
}
