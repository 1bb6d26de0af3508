using System.Text;
using Scriban;
using Scriban.Runtime;
using Scriban.Syntax;

namespace Meshover.Routing.Config;

/// <summary>What a template writes, line by line, and the line of the template that each begins on.</summary>
internal sealed class LineTrace(TemplateContext context, string file) : IScriptOutput
{
    private readonly List<TemplateLine> _lines = [];
    private readonly StringBuilder _text = new();
    private int _source;
    private int _begun;

    public IEnumerable<TemplateLine> Lines => _lines;

    public void Write(string text, int offset, int count)
    {
        // A text between tags comes as a part of the whole template; a value stands where the text before it ended.
        var isOfTheTemplate = context.CurrentNode is ScriptRawStatement;
        if (isOfTheTemplate) _source = text.AsSpan(0, offset).Count('\n');
        foreach (var letter in text.AsSpan(offset, count))
        {
            if (_text.Length == 0) _begun = _source;
            if (letter != '\n') _text.Append(letter);
            else End();
            if (letter == '\n' && isOfTheTemplate) _source++;
        }
    }

    public ValueTask WriteAsync(string text, int offset, int count, CancellationToken cancellationToken)
    {
        Write(text, offset, count);
        return ValueTask.CompletedTask;
    }

    public void End()
    {
        var text = _text.ToString().Trim();
        if (text.Length > 0) _lines.Add(new TemplateLine(text, file, _begun + 1));
        _text.Clear();
    }
}
