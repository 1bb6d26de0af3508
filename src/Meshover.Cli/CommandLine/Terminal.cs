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

    private static void Tell(IAnsiConsole console, string sequence)
    {
        if (console.Profile.Out.IsTerminal && console.Profile.Capabilities.Ansi)
            console.Profile.Out.Writer.Write(sequence);
    }
}
