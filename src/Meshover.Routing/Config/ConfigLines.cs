namespace Meshover.Routing.Config;

/// <summary>One line of a configuration and the lines it stands under, outermost first.</summary>
internal readonly record struct ConfigLine(string Context, string Text)
{
    /// <summary>Joins the lines of a context; cannot occur in one.</summary>
    public const char Separator = '\n';

    /// <summary>The context that this line opens, if others stand under it.</summary>
    public string Inner => Context.Length == 0 ? Text : $"{Context}{Separator}{Text}";

    public string[] ContextLines => Context.Length == 0 ? [] : Context.Split(Separator);

    public string[] Words => Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>A configuration taken apart by its indentation, as FRR itself writes it: a line belongs to the nearest line above that is indented less.</summary>
internal static class ConfigLines
{
    public static List<ConfigLine> Parse(string configuration)
    {
        var lines = new List<ConfigLine>();
        var open = new Stack<(int Indent, string Inner)>();
        foreach (var raw in configuration.Split('\n'))
        {
            var text = raw.Trim();
            if (text.Length == 0 || text[0] is '!' or '#' || text is "exit" or "end" || text.StartsWith("exit-", StringComparison.Ordinal)) continue;
            var indent = raw.Length - raw.TrimStart().Length;
            while (open.TryPeek(out var top) && top.Indent >= indent) open.Pop();
            var line = new ConfigLine(open.TryPeek(out var parent) ? parent.Inner : "", text);
            lines.Add(line);
            open.Push((indent, line.Inner));
        }
        return lines;
    }
}
