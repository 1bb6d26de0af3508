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
    private readonly Template _template;

    private FrrTemplate(string file, Template template) => (_file, _template) = (file, template);

    public static FrrTemplate Parse(string file, string text)
    {
        var template = Template.ParseLiquid(text, file);
        if (!template.HasErrors) return new FrrTemplate(file, template);
        var first = template.Messages.First(m => m.Type == ParserMessageType.Error);
        throw Error(file, first.Span, first.Message);
    }

    /// <exception cref="FrrTemplateException">It names what does not exist, or does what cannot be done.</exception>
    public string Render(ScriptObject values)
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
        context.PushGlobal(values);
        try
        {
            return OneNewlineAtEnd(_template.Render(context));
        }
        catch (ScriptRuntimeException e)
        {
            throw Error(_file, e.Span, e.OriginalMessage);
        }
    }

    private static string OneNewlineAtEnd(string text)
    {
        var trimmed = text.Trim('\n', '\r', ' ');
        return trimmed.Length == 0 ? "" : trimmed + "\n";
    }

    private static FrrTemplateException Error(string file, SourceSpan span, string message) =>
        new(file, span.Start.Line + 1, span.Start.Column + 1, Place().Replace(message, "").TrimEnd('.'));

    /// <summary>Scriban repeats the place before some messages.</summary>
    [GeneratedRegex(@"^.*\(\d+,\d+\)\s*:\s*(error\s*:\s*)?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Place();
}
