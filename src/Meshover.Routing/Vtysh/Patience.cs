namespace Meshover.Routing.Vtysh;

/// <summary>
/// How long FRR may take over a text. FRR 8.4 needs some 10 ms a line where there are 500 neighbours, and more beyond; whoever lost
/// patience with a daemon that is only slow would make it begin from the start, again and again. One that hangs is found otherwise.
/// </summary>
internal static class Patience
{
    private static readonly TimeSpan _least = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan _forALine = TimeSpan.FromMilliseconds(100);

    public static TimeSpan For(string text) => _least + (_forALine * text.AsSpan().Count('\n'));
}
