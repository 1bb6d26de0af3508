namespace Meshover.Routing.Config;

/// <summary>A template that does not parse, names something that does not exist, or cannot be read. Nothing was rendered.</summary>
public sealed class FrrTemplateException(string file, int line, int column, string reason)
    : Exception($"{file}({line},{column}): {reason}. FRR keeps its last configuration; correct the template, or remove it to use the built-in one")
{
    /// <summary>The template's path, or its bare name if it is built in.</summary>
    public string File { get; } = file;

    /// <summary>Counted from 1.</summary>
    public int Line { get; } = line;

    /// <summary>Counted from 1.</summary>
    public int Column { get; } = column;

    /// <summary>What is wrong, without place and advice.</summary>
    public string Reason { get; } = reason;
}
