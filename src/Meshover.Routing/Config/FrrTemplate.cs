using System.Text.RegularExpressions;
using Scriban;
using Scriban.Parsing;
using Scriban.Runtime;
using Scriban.Syntax;

namespace Meshover.Routing.Config;

/// <summary>One parsed template. Names that do not exist are errors, so that a misspelt one never renders as nothing.</summary>
internal sealed partial class FrrTemplate
{
    // A node of 1,000 neighbours renders some 30,000 loop steps; Scriban's own limit is 1,000.
    private const int MostLoopSteps = 10_000_000;

    private readonly string _file;
    private readonly string _text;
    private readonly Template _template;

    private FrrTemplate(string file, string text, Template template) => (_file, _text, _template) = (file, text, template);

    public static FrrTemplate Parse(string file, string text)
    {
        var template = Template.ParseLiquid(text, file);
        if (!template.HasErrors) return new FrrTemplate(file, text, template);
        var first = template.Messages.First(m => m.Type == ParserMessageType.Error);
        throw Error(file, text, first.Span, first.Message);
    }

    /// <exception cref="FrrTemplateException">It names what does not exist, or does what cannot be done.</exception>
    public string Render(ScriptObject values) => OneNewlineAtEnd(Run(NewContext(values)));

    /// <summary>What it says as a part of another text: untouched at its ends, and what it assigns is its own.</summary>
    /// <param name="values">Of all templates.</param>
    /// <param name="own">Of this one alone.</param>
    public string RenderPart(ScriptObject values, ScriptObject own) => Run(NewContext(values, own, new ScriptObject()));

    /// <summary>Each line that it says, and where it is said.</summary>
    public IEnumerable<TemplateLine> Trace(ScriptObject values, ScriptObject own)
    {
        var context = NewContext(values, own, new ScriptObject());
        var trace = new LineTrace(context, _file);
        context.PushOutput(trace);
        Run(context);
        trace.End();
        return trace.Lines;
    }

    /// <param name="globals">What the template may name; what it assigns goes to the last.</param>
    private static LiquidTemplateContext NewContext(params ScriptObject[] globals)
    {
        var context = new LiquidTemplateContext
        {
            StrictVariables = true,
            EnableRelaxedMemberAccess = false,
            EnableRelaxedIndexerAccess = false,
            LoopLimit = MostLoopSteps,
            LimitToString = 0,
            NewLine = "\n",
        };
        foreach (var global in globals) context.PushGlobal(global);
        return context;
    }

    private string Run(LiquidTemplateContext context)
    {
        try
        {
            return _template.Render(context);
        }
        catch (ScriptRuntimeException e)
        {
            throw Error(_file, _text, e.Span, e.OriginalMessage);
        }
    }

    private static string OneNewlineAtEnd(string text)
    {
        var trimmed = text.Trim('\n', '\r', ' ');
        return trimmed.Length == 0 ? "" : trimmed + "\n";
    }

    /// <summary>By its offset, as Scriban's lines leave out those whose ends a <c>{%-</c> takes away.</summary>
    private static FrrTemplateException Error(string file, string text, SourceSpan span, string message)
    {
        var before = text.AsSpan(0, Math.Clamp(span.Start.Offset, 0, text.Length));
        return new(file, before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'), Place().Replace(message, "").TrimEnd('.'));
    }

    /// <summary>Scriban repeats the place before some messages.</summary>
    [GeneratedRegex(@"^.*\(\d+,\d+\)\s*:\s*(error\s*:\s*)?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Place();
}
