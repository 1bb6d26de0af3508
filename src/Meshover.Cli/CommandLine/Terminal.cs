using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Meshover.Cli.CommandLine;

/// <summary>What a terminal is told beside text. Nothing is said to a pipe, nor to a terminal without ANSI's sequences.</summary>
internal static class Terminal
{
    /// <summary>An empty screen. Unlike Spectre's, it leaves alone what was scrolled away, which is the user's.</summary>
    public static void Clear(IAnsiConsole console) => Tell(console, "\e[H\e[2J");

    /// <summary>
    /// .NET switches the keypad to application mode with its first word to a terminal, and leaves it so: the arrow keys would then mean
    /// nothing to a program that does not expect it.
    /// </summary>
    public static void LeaveKeypadMode(IAnsiConsole console) => Tell(console, "\e[?1l\e>");

    /// <summary>Text of other machines, made fit to be shown: what would move the cursor, colour or turn around the text beside it is a question mark.</summary>
    public static string Safe(string text) => text.EnumerateRunes().All(IsHarmless)
        ? text
        : string.Concat(text.EnumerateRunes().Select(rune => IsHarmless(rune) ? rune.ToString() : "?"));

    private static bool IsHarmless(Rune rune) => rune.Value is '\n' or 0x200c or 0x200d // lines, and the joiners that Persian, Hindi and emoji are written with
        || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static void Tell(IAnsiConsole console, string sequence)
    {
        if (console.Profile.Out.IsTerminal && console.Profile.Capabilities.Ansi)
            console.Profile.Out.Writer.Write(sequence);
    }
}
